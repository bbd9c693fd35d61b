"""What happened, made durable: written, kept, read again."""
