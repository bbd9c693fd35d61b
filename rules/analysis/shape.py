"""An expression without its places in the text: two that are written alike have the same shape."""

from typing import assert_never

from rules.expression import And, Call, Compare, Duration, Name, Names, Node, Not, Number, Or, Word

Shape = tuple[object, ...]


def shape(node: Node) -> Shape:
    """What a node says, as nested tuples that compare by meaning and not by where they stand."""
    match node:
        case Name():
            return Name, node.name
        case Number():
            return Number, node.value
        case Duration():
            return Duration, node.seconds
        case Names():
            return Names, *node.names
        case Word():
            return Word, node.word
        case Compare():
            return Compare, shape(node.left), node.operator, node.threshold
        case Not():
            return Not, shape(node.operand)
        case And():
            return And, *map(shape, node.operands)
        case Or():
            return Or, *map(shape, node.operands)
        case Call():
            return Call, node.function, *((keyword, shape(argument)) for keyword, argument in node.arguments)
        case _:
            assert_never(node)
