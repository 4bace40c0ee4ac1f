"""The sandbox's terminals: shells that outlive runnerd, with what they printed."""


def install(agent):
    pass
