"""Cases: listings, sellers and notes gathered for one matter."""
