"""A model that refuses or speaks of itself is held back, unless the source does the same."""

import pytest

from mtreason.gates import Pair, problems
from mtreason.languages import Direction, parse_language

REFUSALS = {
    "ar": "عذرًا، لا أستطيع المساعدة في ذلك.",
    "bg": "Съжалявам, но не мога да помогна с това.",
    "bn": "দুঃখিত, আমি এতে সাহায্য করতে পারব না।",
    "cs": "Omlouvám se, ale s tím nemohu pomoci.",
    "da": "Beklager, men jeg kan ikke hjælpe med det.",
    "de": "Es tut mir leid, aber ich kann diese Anfrage nicht erfüllen.",
    "en": "I'm sorry, but I can't assist with that.",
    "es": "Lo siento, pero no puedo ayudar con eso.",
    "fa": "متأسفم، اما نمی‌توانم در این مورد کمک کنم.",
    "fr": "Je suis désolé, mais je ne peux pas répondre à cette demande.",
    "hi": "क्षमा करें, मैं इसमें सहायता नहीं कर सकता।",
    "hr": "Žao mi je, ali ne mogu pomoći s tim.",
    "id": "Maaf, saya tidak dapat membantu.",
    "it": "Mi dispiace, ma non posso aiutarti.",
    "ja": "申し訳ありませんが、そのご要望にはお応えできません。",
    "ko": "죄송하지만 그 요청은 도와드릴 수 없습니다.",
    "ms": "Maaf, saya tidak dapat membantu dengan itu.",
    "nl": "Het spijt me, maar ik kan daar niet bij helpen.",
    "pl": "Przepraszam, ale nie mogę w tym pomóc.",
    "pt": "Desculpe, mas não posso ajudar com isso.",
    "ro": "Îmi pare rău, dar nu pot ajuta cu asta.",
    "ru": "Извините, но я не могу помочь с этим.",
    "sk": "Prepáčte, ale s tým nemôžem pomôcť.",
    "sl": "Žal s tem ne morem pomagati.",
    "sr": "Жао ми је, али не могу да помогнем у томе.",
    "sv": "Tyvärr kan jag inte hjälpa till med det.",
    "th": "ขออภัย ฉันไม่สามารถช่วยเรื่องนี้ได้",
    "tr": "Üzgünüm, bu konuda yardımcı olamam.",
    "uk": "Вибачте, але я не можу з цим допомогти.",
    "ur": "معذرت، میں اس میں مدد نہیں کر سکتا۔",
    "vi": "Xin lỗi, tôi không thể giúp việc này.",
    "zh": "抱歉，我无法协助处理这个请求。",
}
"""The same in many languages."""
MACHINES = {
    "cs": "Jako jazykový model nemám názor.",
    "de": "Als KI-Sprachmodell habe ich keine Meinung.",
    "en": "As an AI language model, I have no opinion.",
    "es": "Como modelo de lenguaje, no tengo opinión.",
    "fi": "Tekoälynä minulla ei ole mielipidettä.",
    "fr": "En tant qu'intelligence artificielle, je n'ai pas d'avis.",
    "hi": "एक एआई होने के नाते मेरी कोई राय नहीं है।",
    "hu": "Nyelvi modellként nincs véleményem.",
    "id": "Sebagai AI, saya tidak punya pendapat.",
    "ja": "AIとして、意見はありません。",
    "ru": "Как языковая модель, я не имею мнения.",
    "sv": "Som en AI har jag ingen åsikt.",
    "th": "ในฐานะโมเดลภาษา ฉันไม่มีความคิดเห็น",
    "uk": "Як мовна модель, я не маю думки.",
    "zh": "作为一个人工智能，我没有意见。",
}


def test_a_refusal_may_take_two_sentences() -> None:
    assert refused("Open the door.", "죄송합니다. 그 요청은 도와드릴 수 없습니다.", "ko")
    assert refused("Open the door.", "申し訳ありません。そのご要望にはお応えできません。", "ja")


def refused(source, text, target):
    return "refusal" in problems(Pair(source, text, Direction(parse_language("eo"), parse_language(target))))


@pytest.mark.parametrize("source", ["滚开，混蛋！", "Verpiss dich, du Idiot!", "Casse-toi, connard !", "Иди к чёрту!"])
@pytest.mark.parametrize("target", [*REFUSALS])
def test_a_refusal_is_held_back(source, target) -> None:
    assert refused(source, REFUSALS[target], target)


@pytest.mark.parametrize("target", [*MACHINES])
def test_a_machine_that_speaks_is_held_back(target) -> None:
    assert refused("滚开，混蛋！", MACHINES[target], target)


@pytest.mark.parametrize("target", [*REFUSALS])
@pytest.mark.parametrize("source", [*REFUSALS])
def test_who_is_sorry_may_be_translated(source, target) -> None:
    assert not refused(REFUSALS[source], REFUSALS[target], target)


@pytest.mark.parametrize("target", [*MACHINES])
@pytest.mark.parametrize("source", [*MACHINES])
def test_a_machine_may_be_translated(source, target) -> None:
    assert not refused(MACHINES[source], MACHINES[target], target)


@pytest.mark.parametrize(
    ("source", "text", "target"),
    [
        ("我今晚来不了。", "I'm sorry, but I can't make it tonight.", "en"),
        ("我帮不了你。", "I can't help you with this.", "en"),
        ("我不能回答这个问题。", "I cannot answer this question.", "en"),
        ("无法提供您要的收据。", "I cannot provide the receipt you asked for.", "en"),
        ("Leider kann ich nicht kommen.", "I'm sorry, but I won't be there.", "en"),
        ("I can't come.", "对不起，我不能来。", "zh"),
        ("他很抱歉。", "He is sorry.", "en"),
        ("真可惜！", "I'm sorry to hear that!", "en"),
        ("这个机器人会说话。", "I am a robot that speaks.", "en"),
    ],
)
def test_what_only_sounds_like_it_stays(source, text, target) -> None:
    assert not refused(source, text, target)
