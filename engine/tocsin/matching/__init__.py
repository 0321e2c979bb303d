"""Which rules' single-event conditions does an event satisfy?"""
