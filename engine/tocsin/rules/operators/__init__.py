"""The words of ``when``, one a file."""
