"""Drafts in which the model speaks for itself: it refuses, or says what it is."""

from __future__ import annotations

from mtreason.gates.counterpart import Kind, expression, found
from mtreason.gates.pair import Pair
from mtreason.gates.words import APOLOGY, ASKING, HELPING, MACHINE, TRANSLATING, UNABLE

_SORRY = (
    r"^\W*(?:i(?:['’]m| am)\s)?(?:\w+ )?(?:sorry|apologi[sz]e)\b[^.!?]{0,20}\b(?:but|i (?:can|am|was|do|will|wo)|as an)\b",
    r"^\W*(?:我?(?:很|非常|十分|感到|深感)?(?:抱歉|对不起|對不起|不好意思))[^。！？]{0,16}(?:我|本人|作为|作為|无法|無法|不能)",
    r"^\W*(?:es tut mir (?:\w+ )?leid|(?:ich )?(?:entschuldig|bedaur)\w*|leider)\b[^.!?]{0,40}\b(?:kann ich|ich kann|darf ich|ich darf)\b",
    r"^\W*(?:je (?:suis |m['’])?)?(?:vraiment )?(?:désolée?s?|excuse\w*|regrette)\b[^.!?]{0,30}\bje ne (?:peux|puis|suis|pourrai)",
    r"^\W*(?:lo siento|lamento|disculp\w+|perd[oó]n)\b[^.!?]{0,30}\bno (?:puedo|podemos|me es)\b",
    r"^\W*(?:desculp\w+|lamento|sinto muito)\b[^.!?]{0,30}\bnão (?:posso|consigo)\b",
    r"^\W*(?:mi dispiace|scusa\w*|spiacente)\b[^.!?]{0,30}\bnon (?:posso|riesco|sono in grado)\b",
    r"^\W*(?:het spijt (?:me|mij)|sorry|helaas)\b[^.!?]{0,30}\b(?:kan ik|ik kan)\b",
    r"^\W*(?:przepraszam|przykro mi|niestety)\b[^.!?]{0,30}\bnie (?:mogę|jestem w stanie)\b",
    r"^\W*(?:omlouvám|bohužel|je mi líto)\b[^.!?]{0,30}\b(?:nemohu|nemůžu)\b",
    r"^\W*(?:jag är ledsen|tyvärr|förlåt|jeg beklager|beklager|desværre|undskyld)\b[^.!?]{0,30}\b(?:kan jag|jag kan|kan jeg|jeg kan)\b",
    r"^\W*(?:извини\w*|прости\w*|к сожалению|прошу прощения|мне (?:очень )?жаль)\b[^.!?]{0,30}\bне (?:могу|смогу|в состоянии)\b",
    r"^\W*(?:вибач\w*|на жаль|перепрошую)\b[^.!?]{0,30}\bне (?:можу|зможу)\b",
    r"^\W*(?:üzgünüm|maalesef|özür dilerim)\b[^.!?]{0,80}[ae]m(?:am|em|ıyor|iyor|uyor)",
    r"^\W*maaf\b[^.!?]{0,30}\bsaya (?:tidak|tak)\b",
    r"^\W*(?:tôi )?(?:rất )?(?:xin lỗi|rất tiếc)\b[^.!?]{0,30}\bkhông thể\b",
    r"^\W*(?:大変)?(?:申し訳|すみません|すいません|ごめんなさい)[^。！？]{0,60}(?:できません|出来ません|できない|お手伝い|お答え|かねます)",
    r"^\W*(?:죄송|미안)[^.!?]{0,60}(?:수 없|수가 없|못 )",
    r"^\W*(?:أنا )?(?:آسف|عذر|أعتذر|للأسف|نعتذر)[^.!؟]{0,30}(?:لا أستطيع|لا يمكن|لا أقدر|غير قادر|لا نستطيع)",
    r"^\W*(?:ขออภัย|ขอโทษ|เสียใจ|ผมเสียใจ|ฉันเสียใจ).{0,40}ไม่สามารถ",
    r"^\W*(?:मुझे )?(?:क्षमा|माफ|खेद)[^।!?]{0,40}(?:नहीं|असमर्थ)",
)
_UNWILLING = (
    r"^\W*i(?:['’]m| am)? ?(?:can['’]?t|cannot|can not|unable to|not able to) "
    r"(?:provide|generate|create|translate|process|respond to|answer|produce) (?:that|this|such|the|your|any)\b",
    r"^\W*我?(?:无法|無法|不能|没有办法)(?:处理|處理|回应|翻译|翻譯|提供|回答|执行|生成)(?:您|你|这|這|该|此|那|任何|相关)",
)
_HELPLESS = (
    r"\bi(?:['’]m| am)? ?(?:can['’]?t|cannot|can not|unable to|not able to|won['’]?t|will not) "
    r"(?:assist\b|help (?:you )?with (?:that|this|your|such)\b|fulfil|comply with|engage in)",
    r"我?(?:无法|無法|不能|没有办法)(?:协助|協助|帮助|幫助|满足|滿足|完成)(?:您|你)(?:的请求|的要求|完成|处理|，|。|$)",
)
_MACHINE = (
    r"\bas an? (?:ai\b|artificial|large language|language model|\w+ (?:assistant|language model)\b)",
    r"\bi(?:['’]m| am) (?:just |only )?(?:an? )?(?:ai\b|artificial|large language|language model|virtual assistant|qwen\b|chatgpt)",
    r"(?:作为|作為|我是|身为)(?:一个|一個|一名|一款|一位)?(?:ai|人工智能|人工智慧|大?(?:型)?语言模型|大?(?:型)?語言模型|通义|通義)",
    r"\bals (?:eine? )?(?:ki\b|künstliche|ki-|(?:großes )?sprachmodell)",
    r"\ben tant qu['’e] ?(?:un |une )?(?:ia\b|intelligence artif|modèle de lang|assistant)",
    r"\bcomo (?:un |una |um |uma )?(?:modelo de l|ia\b|inteligencia artif|inteligência artif)",
    r"\b(?:in quanto|come) (?:un )?(?:ia\b|intelligenza artif|modello ling)",
    r"\bals (?:een )?(?:ai\b|ai-|taalmodel)",
    r"\b(?:как|я) (?:языковая модель|большая языковая|ии\b|искусственный интел)",
    r"\bjako (?:model język|sztuczna int|ai\b)",
    r"(?:ai|人工知能|言語モデル)(?:アシスタント)?として",
    r"(?:ai|인공지능|언어 모델)(?:로서|로써|이기 때문|입니다)",
    r"(?:كنموذج|بصفتي|باعتباري)[^.!؟]{0,20}(?:لغ|ذكاء)",
    r"\b(?:là|với tư cách) (?:là )?(?:một )?(?:mô hình ngôn ngữ|trí tuệ nhân tạo|ai\b)",
    r"\bbir (?:yapay zeka|dil modeli)",
)

KINDS = (
    Kind("it apologises for what it cannot do", expression(*_SORRY, *_UNWILLING), expression(APOLOGY, UNABLE)),
    Kind("it refuses the task", expression(*_HELPLESS), expression(APOLOGY, HELPING, ASKING, TRANSLATING)),
    Kind("it speaks as a machine", expression(*_MACHINE), expression(MACHINE)),
)


def refused(pair: Pair) -> tuple[str, ...]:
    """Find a draft in which the model speaks for itself, where the source says nothing of the kind."""
    return found(KINDS, pair.source, pair.text)
