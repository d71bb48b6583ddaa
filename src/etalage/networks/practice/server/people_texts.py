"""Who lives on the practice network and what they say, in four languages. All invented."""

from __future__ import annotations

from collections.abc import Mapping

#: language → (name as it is written, handle)
NAMES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "fr": (
        ("Camille Renard", "camille.renard"),
        ("Jules Morel", "julesmorel"),
        ("Inès Lambert", "ines_lambert"),
        ("Théo Garnier", "theog"),
        ("Manon Dupuis", "manon.dps"),
        ("Adèle Fontaine", "adele_fontaine"),
        ("Bastien Roche", "bastienroche"),
        ("Clara Vasseur", "clara.v"),
        ("Hugo Lemaire", "hugolem"),
        ("Salomé Picard", "salome_p"),
        ("Yanis Charpentier", "yanis.ch"),
        ("Odette Marchal", "odette1951"),
    ),
    "nl": (
        ("Lotte Verhoeven", "lotteverhoeven"),
        ("Daan Willems", "daanw"),
        ("Femke Jacobs", "femke.jacobs"),
        ("Wout Claes", "wout_claes"),
        ("Noor de Smet", "noordesmet"),
        ("Bram Peeters", "bram.p"),
        ("Sanne Hermans", "sannehermans"),
        ("Jef Goossens", "jef_goossens"),
        ("Marieke Wouters", "marieke.w"),
        ("Tijs Maes", "tijsmaes"),
        ("Griet Aerts", "griet_aerts"),
        ("Ruben Lenaerts", "rubenl"),
    ),
    "ar": (
        ("ليلى حداد", "layla.haddad"),
        ("يوسف منصور", "youssef_m"),
        ("أمينة بنجلون", "amina.benj"),
        ("كريم الزهراوي", "karimz"),
        ("سلمى العلوي", "salma_alaoui"),
        ("طارق ناصر", "tareq.n"),
        ("نور الخطيب", "noor_kh"),
        ("هدى سالم", "huda.salem"),
        ("زياد فارس", "ziadfares"),
        ("مريم درويش", "maryam_d"),
    ),
    "en": (
        ("Hannah Price", "hannahprice"),
        ("Oliver Shaw", "oshaw"),
        ("Maya Bennett", "maya.bennett"),
        ("Callum Reid", "callumreid"),
        ("Priya Nair", "priya_n"),
        ("Ethan Walsh", "ethanw"),
        ("Freya Doyle", "freya.doyle"),
        ("Samuel Okoro", "sam_okoro"),
        ("Ivy Turner", "ivyturner"),
        ("Leo Grant", "leo.grant"),
    ),
}

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "fr": (
        "Bonjour, vous l’avez encore en taille 38 ?",
        "C’est disponible à Bruxelles aussi ?",
        "Est-ce que ça existe en bleu marine ?",
        "Vous êtes ouverts dimanche ?",
        "C’est combien la livraison ?",
        "On peut payer en magasin si on réserve ?",
        "Ça taille grand ou petit ?",
        "Jusqu’à quand dure l’offre ?",
        "C’est fabriqué où ?",
        "Vous faites des emballages cadeaux ?",
        "Je l’ai acheté la semaine passée, je peux encore l’échanger ?",
        "J’attends toujours ma commande depuis mardi, que se passe-t-il ?",
    ),
    "nl": (
        "Hebben jullie dit nog in maat 40?",
        "Ligt dit ook in de winkel in Gent?",
        "Bestaat dit ook in het groen?",
        "Zijn jullie zondag open?",
        "Kan ik dit laten opzijleggen tot zaterdag?",
        "Hoelang loopt deze actie nog?",
        "Valt dit groot of klein?",
        "Is het waterdicht?",
        "Kunnen jullie het als cadeau inpakken?",
        "Komt er nog nieuwe voorraad?",
        "Mijn bestelling is nog niet aangekomen, kunnen jullie eens kijken?",
        "Mag ik het ruilen als het niet past?",
    ),
    "ar": (
        "السلام عليكم، هل المقاس 38 ما زال متوفرًا؟",
        "بكم السعر من فضلكم؟",
        "هل يوجد منه لون أسود؟",
        "هل أنتم مفتوحون يوم الأحد؟",
        "هل يمكنني الحجز والدفع في المتجر؟",
        "إلى متى يستمر العرض؟",
        "هل التوصيل متاح إلى أنفيرس؟",
        "هل القياس كبير أم صغير؟",
        "متى تصلكم بضاعة جديدة؟",
        "طلبي لم يصل بعد، أرجو المساعدة",
    ),
    "en": (
        "Do you still have this in a size 6?",
        "Is it in the Ghent store as well?",
        "Does it come in a darker colour?",
        "Are you open this Sunday?",
        "Can I reserve one and pay at the counter?",
        "How long does the offer last?",
        "Does it run large?",
        "Where is it made?",
        "Could you wrap it as a present?",
        "Will there be more stock soon?",
        "My parcel has not arrived yet, could somebody look into it please?",
        "Can I return it if my mum already has one?",
    ),
}

PRAISE: Mapping[str, tuple[str, ...]] = {
    "fr": (
        "Magnifique 😍",
        "J’en ai un depuis deux ans, toujours parfait.",
        "Quelle belle vitrine, bravo à l’équipe !",
        "Exactement ce que je cherchais.",
        "Reçu hier, encore plus joli en vrai.",
        "Toujours un accueil au top chez vous 👏",
        "Il me le faut, je passe samedi.",
        "@manon.dps regarde ça, c’est pour toi",
        "Les couleurs sont superbes.",
        "Trop cher pour moi, mais c’est très beau.",
    ),
    "nl": (
        "Prachtig! 😍",
        "Zo’n mooie kleur.",
        "Vorige week gekocht, echt een aanrader.",
        "Altijd vriendelijke mensen in jullie winkel.",
        "Dit zet ik op mijn verlanglijstje.",
        "@femke.jacobs iets voor jou?",
        "Knappe etalage, proficiat!",
        "Ik kom zaterdag langs 🙌",
        "Beter dan op de foto, en dat wil wat zeggen.",
        "Jammer van de prijs, wel heel mooi.",
    ),
    "ar": (
        "رائع جدًا 😍",
        "ما شاء الله، ألوان جميلة",
        "اشتريته الشهر الماضي وأنصح به",
        "خدمة ممتازة دائمًا، شكرًا لكم",
        "هذا بالضبط ما كنت أبحث عنه",
        "سأمرّ عليكم يوم السبت إن شاء الله",
        "واجهة المتجر جميلة جدًا 👏",
        "جميل لكن السعر مرتفع قليلًا",
        "@salma_alaoui شوفي هذا",
    ),
    "en": (
        "Love this 😍",
        "Got mine last month and I wear it every day.",
        "What a window, well done everyone!",
        "This is exactly what I was looking for.",
        "So much nicer in real life.",
        "The team in the shop is always lovely.",
        "I’ll be there on Saturday 🙌",
        "@maya.bennett this is so you",
        "That green! Take my money.",
        "A bit dear, but beautiful.",
    ),
}

THANKS: Mapping[str, tuple[str, ...]] = {
    "fr": ("Merci pour la réponse rapide !", "Super, je passe demain alors.", "Parfait, merci 🙏"),
    "nl": ("Bedankt voor het snelle antwoord!", "Top, dan kom ik morgen langs.", "Super, dank je wel 🙏"),
    "ar": ("شكرًا على سرعة الرد!", "ممتاز، سأمرّ غدًا", "شكرًا جزيلًا 🙏"),
    "en": ("Thanks for the quick answer!", "Great, I’ll come by tomorrow.", "Perfect, thank you 🙏"),
}

#: In whose eyes people see the shop: browsers on phones and desks, and the networks' own in-app browsers.
BROWSERS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 "
    "Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Mobile/15E148 Instagram 390.0.0.28.85",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0",
)

#: Programs that fetch a link to draw a preview of it. No customer sits behind them.
PREVIEWERS = (
    "PracticeNetworkBot/1.0 (link preview)",
    "facebookexternalhit/1.1",
    "Twitterbot/1.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1)",
)
