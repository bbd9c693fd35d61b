"""An expression without its places in the text: two that are written alike have the same shape."""

from typing import assert_never

from rules.expression import And, Call, Compare, Duration, Name, Names, Node, Not, Number, Or, Word

Shape = tuple[object, ...]


def shape(node: Node) -> Shape:
    """What a node says, as nested tuples that compare by meaning and not by where they stand."""
    match node:
        case Name():
            return "name", node.name
        case Number():
            return "number", node.value
        case Duration():
            return "duration", node.seconds
        case Names():
            return "names", *node.names
        case Word():
            return "word", node.word
        case Compare():
            return "compare", shape(node.left), node.operator, node.threshold
        case Not():
            return "not", shape(node.operand)
        case And():
            return "and", *map(shape, node.operands)
        case Or():
            return "or", *map(shape, node.operands)
        case Call():
            return "call", node.function, *((keyword, shape(argument)) for keyword, argument in node.arguments)
        case _:
            assert_never(node)
