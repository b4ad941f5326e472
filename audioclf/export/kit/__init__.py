"""What goes into a zip beside the model, as it is: a program, a web page."""
