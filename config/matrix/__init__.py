"""The cause-and-effect matrix that a fire inspector expects, made from the rules themselves."""
