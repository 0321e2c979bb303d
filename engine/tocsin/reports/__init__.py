"""Read models shared by the API, the console and the command line."""
