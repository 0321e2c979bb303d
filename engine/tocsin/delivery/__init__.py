"""The outbox worker: order, pacing, rendering, attempts and receipts."""
