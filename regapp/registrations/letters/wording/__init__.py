"""The words of the letters, in the language that is spoken when they are written."""
