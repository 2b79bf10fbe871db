"""One action on many images: worked out and stored some thousands at a time, as one entry of the history.

The operations are the plan: what is to be done is written into the log first, and the tags are made what the log says.
So the log and the tags cannot differ, and taking back is the same with a plan made of the log itself.
"""
