"""The look of `tocsin top`, in Textual CSS. Colours of tiers are in words.py: they mean the same on every terminal."""

CSS = """
Screen { layout: vertical; }

#head { height: 2; background: $boost; padding: 0 1; }

#evacuation {
    height: auto;
    display: none;
    padding: 0 1;
    background: #c00000;
    color: white;
    text-style: bold;
    text-align: center;
}

#lost { height: auto; display: none; padding: 0 1; background: white; color: black; text-style: bold; }
.-tall #evacuation { padding: 1; }

.lost #lost { display: block; }
.lost #head, .lost #zones, .lost DataTable { opacity: 35%; }
.lost #evacuation { tint: gray 50%; }

#zones { height: auto; max-height: 40%; padding: 0 0 0 1; }

DataTable { height: 1fr; min-height: 4; scrollbar-size-horizontal: 0; }
DataTable { border-top: solid $primary; border-title-style: bold; }
DataTable:focus { border-top: heavy $accent; }
.pane { height: auto; max-height: 30%; }

Help, AskWhy { align: center bottom; background: $background 0%; }
#help { width: 100%; height: auto; max-height: 60%; padding: 0 1; background: $panel; border-top: heavy $accent; }
#why { width: 100%; background: $panel; }
"""
