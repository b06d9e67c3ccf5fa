"""Which stamps show what makes the sounds of an ESC-50 class: 54 pictures of 26 classes, looked at one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

STAMPS_OF_CLASS: Mapping[str, Sequence[str]] = {
    "dog": ("animals/mammals/dogs/dog", "animals/mammals/dogs/dingo"),
    "rooster": ("animals/birds/rooster",),
    "pig": ("animals/mammals/pig", "animals/mammals/pig_golden", "animals/mammals/pig_golden2"),
    "cow": ("animals/mammals/bovines/cow", "animals/mammals/bovines/cow_white", "animals/mammals/bovines/bull"),
    "frog": ("animals/amphibians/frog", "animals/amphibians/frog-1"),
    "cat": ("animals/mammals/cats/kitten", "seasonal/halloween/blackcat"),
    "hen": ("animals/birds/hen", "animals/birds/chicken_profile"),
    "insects": (
        "animals/insects/fly",
        "animals/insects/bee",
        "animals/insects/cartoon/fly",
        "animals/insects/cartoon/dragonfly",
    ),
    "sheep": ("animals/mammals/bovines/sheep", "animals/mammals/bovines/sheep_lamb", "animals/mammals/bovines/ram"),
    "crow": ("animals/birds/crow", "animals/birds/blackbird"),
    "chirping birds": ("animals/birds/adelaide-rosella", "animals/birds/cuckoo"),
    "train": ("vehicles/locomotive/white_train", "vehicles/locomotive/cartoon/toy_train"),
    "airplane": (
        "vehicles/flight/planes/747",
        "vehicles/flight/planes/plane",
        "military/vehicles/mustang",
        "vehicles/flight/planes/cartoon/plane",
    ),
    "helicopter": ("vehicles/flight/cartoon/eddieCopter",),
    "engine": (
        "vehicles/auto/sedan",
        "vehicles/auto/sportscar",
        "vehicles/auto/sportscar2",
        "vehicles/auto/sportscar3",
        "vehicles/auto/truck",
        "vehicles/blue_truck",
    ),
    "siren": ("vehicles/emergency/firetruck", "vehicles/emergency/cartoon/fire_engine", "vehicles/iso_fireengine"),
    "vacuum cleaner": ("household/vacuum_cleaner",),
    "washing machine": ("household/Washing-machine",),
    "fireworks": ("seasonal/newyears/fireworks", "seasonal/newyears/fireworks2"),
    "crackling fire": ("naturalforces/fire",),
    "hand saw": ("household/tools/saw",),
    "thunderstorm": ("naturalforces/lightningbolt",),
    "pouring water": ("household/kettle", "household/dishes/pitcher_small"),
    "toilet flush": ("household/toilet",),
    "glass breaking": ("household/dishes/glass",),
    "mouse click": ("household/electronics/mouse",),
}
"""Class → names of its stamps. A class with two or more can have one held out."""
