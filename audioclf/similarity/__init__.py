"""A data set as vectors: which embedding suits it, what is near to what, and what that says about its labels.

Everything here works on one vector per clip: an embedding, the mean of a feature, or what the last layer of a network
is given. It is computed in processes of its own (:mod:`audioclf.jobs.background`), never in the web server's.
"""
