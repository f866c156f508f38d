"""The live rules on recorded bars: what if I had copied this lead?"""
