"""The tenants department: the letters rooms, where each customer sees their own rows and nobody else's."""
