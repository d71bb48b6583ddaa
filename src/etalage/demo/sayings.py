"""What the demo shop says in its posts, in four languages, by aim."""

from __future__ import annotations

from etalage.demo.goods import Names

# {title} is the product's name, {code} a promotion code.
ARRIVALS: tuple[Names, ...] = (
    {
        "en": "Just unpacked: {title}. Reserve it tonight, pick it up tomorrow.",
        "fr": "Tout juste déballé : {title}. Réservez ce soir, passez demain.",
        "nl": "Net uitgepakt: {title}. Reserveer vanavond, haal het morgen op.",
        "ar": "وصل للتو: {title}. احجزوه الليلة واستلموه غدًا.",
    },
    {
        "en": "New on the shelf this week: {title}. Which colour is yours?",
        "fr": "Nouveau en rayon cette semaine : {title}. Quelle est votre couleur ?",
        "nl": "Nieuw in het rek deze week: {title}. Welke kleur kies jij?",
        "ar": "جديد على الرف هذا الأسبوع: {title}. ما لونكم المفضل؟",
    },
    {
        "en": "The first twelve pieces of {title} arrived this morning.",
        "fr": "Les douze premières pièces de {title} sont arrivées ce matin.",
        "nl": "De eerste twaalf stuks van {title} kwamen vanmorgen aan.",
        "ar": "وصلت هذا الصباح أول اثنتي عشرة قطعة من {title}.",
    },
)

PROMOTIONS: tuple[Names, ...] = (
    {
        "en": "This weekend: {title} with code {code}, in all three stores.",
        "fr": "Ce week-end : {title} avec le code {code}, dans nos trois magasins.",
        "nl": "Dit weekend: {title} met code {code}, in onze drie winkels.",
        "ar": "نهاية هذا الأسبوع: {title} مع الرمز {code} في متاجرنا الثلاثة.",
    },
    {
        "en": "A gift idea under the tree: {title}. Say {code} at the counter.",
        "fr": "Une idée cadeau sous le sapin : {title}. Dites {code} à la caisse.",
        "nl": "Een cadeau-idee voor onder de boom: {title}. Zeg {code} aan de kassa.",
        "ar": "فكرة هدية جميلة: {title}. اذكروا {code} عند الصندوق.",
    },
)

CARE: tuple[Names, ...] = (
    {
        "en": "How we made it: {title}, from the first sketch to the shelf.",
        "fr": "Comment nous l’avons fait : {title}, du premier croquis au rayon.",
        "nl": "Zo maakten we het: {title}, van de eerste schets tot het rek.",
        "ar": "هكذا صنعناه: {title}، من الرسم الأول حتى الرف.",
    },
    {
        "en": "You asked how to care for {title}: cold water, mild soap, and time.",
        "fr": "Vous demandez comment entretenir {title} : eau froide, savon doux et patience.",
        "nl": "Jullie vroegen hoe je {title} onderhoudt: koud water, zachte zeep en geduld.",
        "ar": "سألتم عن العناية بـ{title}: ماء بارد وصابون لطيف وقليل من الصبر.",
    },
    {
        "en": "Thursday evening we stay open until eight. {title} will be on the table.",
        "fr": "Jeudi soir, nous restons ouverts jusqu’à vingt heures. {title} sera sur la table.",
        "nl": "Donderdagavond zijn we open tot acht uur. {title} ligt op tafel.",
        "ar": "مساء الخميس نبقى مفتوحين حتى الثامنة. ستجدون {title} على الطاولة.",
    },
)

CAMPAIGNS = (
    ("Autumn arrivals", "promotion", ARRIVALS, "AUTUMN10"),
    ("Weekend of light", "promotion", PROMOTIONS, "LIGHT15"),
    ("Gifts under 30 euro", "promotion", PROMOTIONS, "GIFT5"),
    ("From our workshop", "relation", CARE, ""),
)

FIRST_NAMES = (
    "Amina", "Lotte", "Pierre", "Youssef", "Emma", "Karim", "Sofie", "Julien", "Leila", "Tom", "Nora", "Jan",
    "Claire", "Omar", "Eva", "Hugo", "Salma", "Wout", "Camille", "Bilal", "Anke", "Louis", "Rania", "Pieter",
    "Inès", "Mehdi", "Sarah", "Koen", "Manon", "Tariq",
)  # fmt: skip

LAST_NAMES = (
    "Peeters", "Dubois", "El Amrani", "Janssens", "Lambert", "Haddad", "Maes", "Leroy", "Benali", "Jacobs",
    "Moreau", "Ziani", "Willems", "Girard", "Mansouri", "Claes", "Fontaine", "Khalil", "Goossens", "Renard",
    "Saidi", "Wouters", "Marchal", "Fares", "De Smet", "Petit", "Aziz", "Vermeulen", "Colin", "Nasser",
)  # fmt: skip

# Who said what below a post, by language.
ANSWERED: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("Hannah Price", "Is this one also in the Lille store?"),
        ("Callum Reid", "Bought it on Saturday, even nicer in daylight."),
        ("Priya Nair", "Until when does the code work?"),
    ),
    "fr": (
        ("Camille Renard", "Il en reste à Bruxelles ?"),
        ("Odette Marchal", "Reçu en cadeau, je l’adore."),
        ("Hugo Lemaire", "On peut payer en magasin si on réserve ?"),
    ),
    "nl": (
        ("Lotte Verhoeven", "Ligt deze ook in Gent?"),
        ("Bram Peeters", "Gisteren opgehaald, heel tevreden!"),
        ("Femke Jacobs", "Komt er nog een grotere maat?"),
    ),
    "ar": (
        ("ليلى حداد", "هل ما زال متوفرًا في بروكسل؟"),
        ("يوسف منصور", "اشتريته الأسبوع الماضي، جودة رائعة."),
        ("نور الخطيب", "إلى متى يستمر العرض؟"),
    ),
}
