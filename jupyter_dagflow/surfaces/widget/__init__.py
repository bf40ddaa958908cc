"""The live graph as a widget: state in Python, drawing in the browser."""
