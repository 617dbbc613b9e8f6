"""What hidden features and logits still say about ancestry."""
