"""The torture harness: claims about Litekeep, each tried so often that a mistake would have had to show.

    python tests/torture                        every campaign at the size of CI
    python tests/torture kill fuzz --nightly    two campaigns at the size of the figures in docs/explanation/trust.md
    python tests/torture --list                 the campaigns, their claims and how many cases each size asks for
    python tests/torture kill --only CASE       one case again, as a deviation names it

    campaign.py    what a campaign is: a claim, numbered cases, the faults that must have struck, a tally
    run.py         runs campaigns on all cores, prints and keeps the results
    campaigns.py   the list of them; each is in a module of its own

A run fails if one case deviates, if fewer cases ran than the size asks for, or if a fault that the campaign is about
never struck: what was not exercised was not shown. Cases are made from their numbers and a seed, so that a case that
deviates can be run again alone. What deviated once stays as a test of its own where the mistake was.
"""
