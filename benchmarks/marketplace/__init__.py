"""A made-up marketplace whose truth is known: who is who, which ads show one gun, and what any rule must say of whom.

Written from the words of the design alone, without a look at the code that it measures. Everything follows from a seed;
names, numbers (555-01xx) and addresses (example.com) belong to nobody. What is measured on it is synthetic.
"""
