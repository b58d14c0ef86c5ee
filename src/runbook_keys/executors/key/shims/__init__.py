"""What runs inside the process of a KEY. It knows nothing of the product but how a call comes in and goes out."""
