"""The live protocol: render at sequence N, then send what came after N.

``fragments`` renders, ``hub`` hears of changes and hands them to the sockets of this process,
``mailbox`` keeps what one socket has not been sent yet, ``frames`` are the messages.
"""
