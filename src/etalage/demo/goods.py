"""What the demo shop sells: kinds of things, models and colours, named in four languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

Names = dict[str, str]


@dataclass(frozen=True)
class Kind:
    """A kind of thing: its drawing, its names, its category, and its price range in cents."""

    shape: str
    names: Names
    category: str
    cheapest: int
    dearest: int
    sizes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Colour:
    """A colour: its names and its RGB value."""

    key: str
    names: Names
    rgb: tuple[int, int, int]


@dataclass(frozen=True)
class Good:
    """One product of the demo: a kind of thing in a colour, of a model."""

    handle: str
    kind: Kind
    colour: Colour
    model: str
    titles: Names
    descriptions: Names
    price_minor: int

    @property
    def alts(self) -> Names:
        """What the drawing shows, for those who cannot see it."""
        return {language: DRAWN[language].format(title=title) for language, title in self.titles.items()}


DRAWN = {
    "en": "{title}, drawn on a light ground.",
    "fr": "{title}, en dessin sur fond clair.",
    "nl": "{title}, getekend op een lichte achtergrond.",
    "ar": "{title}، رسم على خلفية فاتحة.",
}
CLOTHES = ("S", "M", "L")
SHOES = ("37", "38", "39", "40", "41")

KINDS = (
    Kind("mug", {"en": "Mug", "fr": "Mug", "nl": "Mok", "ar": "كوب"}, "Table", 1200, 1900),
    Kind("bowl", {"en": "Bowl", "fr": "Bol", "nl": "Kom", "ar": "وعاء"}, "Table", 1400, 2900),
    Kind("plate", {"en": "Plate", "fr": "Assiette", "nl": "Bord", "ar": "طبق"}, "Table", 1100, 2400),
    Kind(
        "teapot", {"en": "Teapot", "fr": "Théière", "nl": "Theepot", "ar": "إبريق شاي"}, "Table", 3900, 6900
    ),
    Kind("vase", {"en": "Vase", "fr": "Vase", "nl": "Vaas", "ar": "مزهرية"}, "Home", 2400, 5900),
    Kind("lamp", {"en": "Lamp", "fr": "Lampe", "nl": "Lamp", "ar": "مصباح"}, "Home", 4900, 12900),
    Kind("candle", {"en": "Candle", "fr": "Bougie", "nl": "Kaars", "ar": "شمعة"}, "Home", 900, 2900),
    Kind("cushion", {"en": "Cushion", "fr": "Coussin", "nl": "Kussen", "ar": "وسادة"}, "Home", 1900, 4500),
    Kind("rug", {"en": "Rug", "fr": "Tapis", "nl": "Vloerkleed", "ar": "سجادة"}, "Home", 7900, 24900),
    Kind("chair", {"en": "Chair", "fr": "Chaise", "nl": "Stoel", "ar": "كرسي"}, "Home", 8900, 19900),
    Kind("scarf", {"en": "Scarf", "fr": "Foulard", "nl": "Sjaal", "ar": "وشاح"}, "Fashion", 2500, 6500),
    Kind("bag", {"en": "Bag", "fr": "Sac", "nl": "Tas", "ar": "حقيبة"}, "Fashion", 4500, 14900),
    Kind(
        "shirt", {"en": "Shirt", "fr": "Chemise", "nl": "Hemd", "ar": "قميص"}, "Fashion", 3900, 7900, CLOTHES
    ),
    Kind(
        "jumper", {"en": "Jumper", "fr": "Pull", "nl": "Trui", "ar": "كنزة"}, "Fashion", 4900, 9900, CLOTHES
    ),
    Kind(
        "boots",
        {"en": "Boots", "fr": "Bottines", "nl": "Laarsjes", "ar": "حذاء"},
        "Fashion",
        8900,
        16900,
        SHOES,
    ),
    Kind("hat", {"en": "Hat", "fr": "Chapeau", "nl": "Hoed", "ar": "قبعة"}, "Fashion", 1900, 4900),
    Kind("soap", {"en": "Soap", "fr": "Savon", "nl": "Zeep", "ar": "صابون"}, "Care", 500, 1400),
    Kind(
        "bottle",
        {"en": "Bath oil", "fr": "Huile de bain", "nl": "Badolie", "ar": "زيت استحمام"},
        "Care",
        1500,
        3900,
    ),
    Kind(
        "notebook", {"en": "Notebook", "fr": "Carnet", "nl": "Notitieboek", "ar": "دفتر"}, "Paper", 700, 2200
    ),
    Kind(
        "card",
        {"en": "Card set", "fr": "Lot de cartes", "nl": "Kaartenset", "ar": "طقم بطاقات"},
        "Paper",
        600,
        1800,
    ),
)

COLOURS = (
    Colour(
        "night",
        {"en": "midnight blue", "fr": "bleu nuit", "nl": "nachtblauw", "ar": "أزرق ليلي"},
        (38, 57, 107),
    ),
    Colour(
        "sea", {"en": "sea green", "fr": "vert d’eau", "nl": "zeegroen", "ar": "أخضر بحري"}, (62, 142, 126)
    ),
    Colour("saffron", {"en": "saffron", "fr": "safran", "nl": "saffraan", "ar": "زعفراني"}, (229, 165, 42)),
    Colour("brick", {"en": "brick", "fr": "brique", "nl": "baksteen", "ar": "قرميدي"}, (181, 82, 58)),
    Colour("sand", {"en": "sand", "fr": "sable", "nl": "zand", "ar": "رملي"}, (212, 188, 150)),
    Colour(
        "rose", {"en": "old rose", "fr": "vieux rose", "nl": "oudroze", "ar": "وردي عتيق"}, (201, 134, 140)
    ),
    Colour("olive", {"en": "olive", "fr": "olive", "nl": "olijf", "ar": "زيتوني"}, (122, 129, 66)),
    Colour("plum", {"en": "plum", "fr": "prune", "nl": "pruim", "ar": "برقوقي"}, (104, 54, 92)),
    Colour(
        "sky", {"en": "sky blue", "fr": "bleu ciel", "nl": "hemelsblauw", "ar": "أزرق سماوي"}, (128, 175, 214)
    ),
    Colour(
        "chalk",
        {"en": "chalk white", "fr": "blanc craie", "nl": "krijtwit", "ar": "أبيض طباشيري"},
        (238, 233, 222),
    ),
    Colour("slate", {"en": "slate", "fr": "ardoise", "nl": "leisteen", "ar": "أردوازي"}, (86, 97, 108)),
    Colour("coral", {"en": "coral", "fr": "corail", "nl": "koraal", "ar": "مرجاني"}, (232, 113, 90)),
    Colour("mint", {"en": "mint", "fr": "menthe", "nl": "munt", "ar": "نعناعي"}, (160, 208, 178)),
    Colour(
        "ink", {"en": "ink black", "fr": "noir d’encre", "nl": "inktzwart", "ar": "أسود حبري"}, (35, 34, 40)
    ),
)

MODELS = (
    ("Sirocco", "سيروكو"),
    ("Mistral", "ميسترال"),
    ("Lune", "لون"),
    ("Escaut", "إسكو"),
    ("Medina", "مدينة"),
    ("Polder", "بولدر"),
    ("Oran", "وهران"),
    ("Zenith", "زينيت"),
)

MAKING = {
    "Table": {
        "en": "Turned and glazed by hand; goes in the dishwasher.",
        "fr": "Tourné et émaillé à la main ; passe au lave-vaisselle.",
        "nl": "Met de hand gedraaid en geglazuurd; mag in de vaatwasser.",
        "ar": "مصنوع ومزجج يدويًا، ويُغسل في غسالة الصحون.",
    },
    "Home": {
        "en": "Made in a small workshop, to last for years.",
        "fr": "Fabriqué dans un petit atelier, pour durer des années.",
        "nl": "Gemaakt in een klein atelier, om jaren mee te gaan.",
        "ar": "مصنوع في ورشة صغيرة ليدوم سنوات.",
    },
    "Fashion": {
        "en": "Natural fibres, soft on the skin, cut for every day.",
        "fr": "Fibres naturelles, douces sur la peau, pour tous les jours.",
        "nl": "Natuurlijke vezels, zacht op de huid, voor elke dag.",
        "ar": "ألياف طبيعية ناعمة على البشرة، تناسب كل يوم.",
    },
    "Care": {
        "en": "Olive oil and essential oils, nothing else.",
        "fr": "Huile d’olive et huiles essentielles, rien d’autre.",
        "nl": "Olijfolie en etherische oliën, verder niets.",
        "ar": "زيت زيتون وزيوت عطرية، ولا شيء غير ذلك.",
    },
    "Paper": {
        "en": "Thick recycled paper that takes ink well.",
        "fr": "Papier recyclé épais, qui boit bien l’encre.",
        "nl": "Dik gerecycleerd papier waarop inkt mooi staat.",
        "ar": "ورق سميك معاد تدويره يتقبل الحبر جيدًا.",
    },
}


def make_goods(random: Random, count: int) -> Iterator[Good]:
    """Yield `count` different products, the same ones for the same seed. At most 20 × 14 × 8 exist."""
    every = [(kind, colour, model) for kind in KINDS for colour in COLOURS for model in MODELS]
    chosen: dict[str, Good] = {}
    while len(chosen) < count:
        kind, colour, model = random.choice(every)
        handle = f"{kind.shape}-{model[0].lower()}-{colour.key}"
        if handle in chosen:
            continue
        price = round(random.randint(kind.cheapest, kind.dearest) / 50) * 50 - 5
        chosen[handle] = Good(
            handle, kind, colour, model[0], _titles(kind, colour, model), MAKING[kind.category], price
        )
        yield chosen[handle]


def _titles(kind: Kind, colour: Colour, model: tuple[str, str]) -> Names:
    comma = {"ar": "،"}
    name = {"ar": model[1]}
    return {
        language: f"{kind.names[language]} {name.get(language, model[0])}"
        f"{comma.get(language, ',')} {colour.names[language]}"
        for language in ("en", "fr", "nl", "ar")
    }
