"""Words of many languages by which gates know what is said, as regular expressions that ignore case.

A list for a *source* may be generous: what it finds there, a translation may say. Stems without an end stand for all
their forms, and short words of languages with spaces have borders.
"""

from __future__ import annotations

TRANSLATING = (
    r"translat|translit|übersetz|tradu[czti]|vertal|översätt|övers[aä]tt|oversæt|oversett|kään(?:nös|tä)|fordít|tłumacz|přek?lad|"
    r"přelož|preklad|prevod|prevedi|превод|переве[дс]|перевод|перевёл|перевел|переклад|pérevod|μετ[αά]φρ|çevir|"
    r"tercüme|terjemah|dịch|译|譯|翻成|翻為|翻为|机翻|機翻|訳|번역|แปล|ترجم|תרג|अनुवाद|অনুবাদ|மொழிபெயர்|թարգման|თარგმ"
)
"""To translate, translation, translator. For sources and drafts alike."""

EDITION = (
    r"version|versi[oó]n|versão|versione|fassung|wersja|verze|версия|версии|sürüm|phiên bản|版|판|إصدار|"
    r"english|chinese|englisch|chinesisch|anglais|chinois|inglés|chino|inglese|английск|китайск|英文|英语|英語|中文|汉语|영어|중국어"
)
"""What the head of a label speaks of, besides translating."""

TEXT = (
    r"\b(?:texts?|sentences?|phrases?|passages?|satz|satzes|frases?|texto|textes?|oraci[oó]n|frase|testo|zin|tekst|"
    r"предложени[еяю]|текст[аеу]?|фраз[аыуе])\b|句|段(?:话|文字)|文本|短语|原文|テキスト|문장|텍스트"
)
"""What models call what they are given."""

NOTE = (
    r"\b(?:notes?|n\.?\s?b\.?|remarks?|annotations?|explanations?|hinweise?|anmerkung(?:en)?|bemerkung(?:en)?|remarques?|"
    r"nota|notas|observaci[oó]n|observação|osservazione|opmerking|uwaga|poznámka|anmärkning|bemærk(?:ning)?|merknad|"
    r"huomautus|megjegyzés|примечани[ея]|прим|примітка|забележка|σημείωση|catatan|lưu ý|ghi chú|chú thích)\b|"
    r"注釈|注释|註釋|注解|注意|备注|備註|備考|附注|附註|译注|译者注|譯註|訳注|補足|注|註|说明|說明|解释|解釋|"
    r"참고|주석|비고|ملاحظة|ملحوظة|הערה|नोट|टिप्पणी|หมายเหตุ"
)
"""What models begin a remark with."""

WARNING = (
    r"\b(?:caution|warnings?|attention|beware|important|tips?|hints?|reminders?|notice|p\.?\s?s\.?|achtung|"
    r"warnung|vorsicht|wichtig|tipp|beachte\w*|avertissement|astuce|conseil|advertencia|atención|"
    r"aviso|precaución|importante|consejo|atenção|avviso|attenzione|avvertenza|let op|waarschuwing|belangrijk|"
    r"ostrzeżenie|ważne|pozor|upozornění|varning|obs|advarsel|viktig|huom|varoitus|figyelem|внимание|осторожно|"
    r"важно|увага|προσοχή|dikkat|uyarı|önemli|not|perhatian|peringatan|chú ý|cảnh báo)\b|"
    r"警告|小心|提示|提醒|温馨|溫馨|注意事项|注記|但し|ただし|※|주의|경고|تنبيه|تحذير|انتباه|שים לב|אזהרה|ध्यान|चेतावनी|คำเตือน|ข้อควรระวัง"
)
"""What else of a source a translation may call a note."""

NOTING = (
    r"note that|please note|bear in mind|beacht|noter que|noter :|notez|en cuenta|tenha em|si noti|обрат\w+ внимани|"
    r"注意|备注|備註|备考|備考|附注|说明|說明|留意|温馨|溫馨|ご了承|참고|주의|유의|ملاحظة|يرجى|ध्यान|หมายเหตุ|let op|lưu ý"
)
"""How a source notes something in the middle of a sentence."""

APOLOGY = (
    r"sorry|apolog|regret|unfortunately|forgive|pardon|excuse|leid\b|entschuldig|verzeih|bedau[er]|leider|désolé|excus|"
    r"regrett|malheureusement|navré|perd[oó]n|lo siento|lamento|disculp|desculp|infelizmente|mi dispiace|scus|spiacent|purtroppo|"
    r"het spijt|helaas|excuses|przepraszam|przykro|niestety|omlouv|bohužel|lituji|ledsen|tyvärr|ursäkta|beklager|desværre|"
    r"undskyld|valitettavasti|anteeksi|pahoittel|sajnálom|elnézést|sajnos|извин|прост[ит]|сожален|вибач|шкода|λυπάμαι|συγγνώμη|"
    r"δυστυχώς|üzgünüm|maalesef|özür|maaf|sayangnya|xin lỗi|rất tiếc|tiếc|抱歉|对不起|對不起|不好意思|遗憾|遺憾|恕|见谅|"
    r"申し訳|すみません|すいません|ごめん|恐れ入り|残念|失礼|죄송|미안|유감|안타깝|آسف|عذر|للأسف|أعتذر|סליחה|מצטער|לצערי|"
    r"क्षमा|माफ|खेद|ขอโทษ|ขออภัย|เสียใจ"
)
UNABLE = (
    r"can['’]?t\b|cannot|can not|unable|not able|won['’]?t\b|impossible|unmöglich|kann\b[^.!?]{0,60}\bnicht|nicht\b[^.!?]{0,40}"
    r"\bk[aö]nn|(?:peux|peut|puis|pouvons|pouvez|peuvent|pu) pas|incapable|no pued|no pude|no podemos|no podr|não pos|não pod|non pos|"
    r"kan\b[^.!?]{0,60}\bniet|nie mog|nie może|nemoh|nemů|kan inte|kan ikke|en voi|nem tud|не мог|не мож|не смо|невозможно|δεν μπορ|"
    r"[ae]m[aı]m|[ae]mıyor|[ae]miyor|tidak (?:bisa|dapat)|không thể|不能|无法|無法|没法|沒法|没办法|不了|不可以|不到|未能|帮不|"
    r"できな|できませ|出来な|出来ませ|られませ|かねま|ません|할 수 없|못|수 없|لا (?:أستطيع|يمكن)|لا أقدر|غير قادر|לא יכול|नहीं|ไม่สามารถ|ไม่ได้"
)
HELPING = (
    r"help|assist|support|hilf|helf|hülfe|unterstütz|aid|ayud|ajud|aiut|hjælp|hjälp|hjelp|pomoc|pomóc|pomoh|помо[гщч]|допомог|"
    r"βοήθ|yardım|bantu|giúp|帮|幫|协助|協助|援助|救|助け|手伝|도와|도움|도울|مساعد|ساعد|עזר|मदद|सहायता|ช่วย"
)
MACHINE = (
    r"\b(?:ai|a\.i\.|ki|ia|ии|artificial|künstlich\w*|artificiel\w*|artificial|intelligenza|język\w*|chatbot|assistant|"
    r"sprachmodell|language model|modèle|modelo|modello|языков\w*|yapay zeka)\b|人工智能|人工智慧|语言模型|語言模型|言語モデル|助手|机器人|"
    r"인공지능|언어 모델|الذكاء|trí tuệ nhân tạo"
)

HANDING = (
    r"\bhere|\bhier|\bici\b|voici|voilà|aquí|acá|aqui|\becco\b|вот|здесь|這是|这是|这里|這裡|以下|如下|下面|附上|给|給|"
    r"これ|ここ|こちら|여기|هنا|đây|นี่"
)
"""How a source hands something over."""
ASKING = (
    r"request|demand|require|provid|anfrage|bitte|anforderung|demande|requête|solicitud|petición|pedido|richiest|verzoek|"
    r"prośb|просьб|запрос|要求|请求|請求|提供|依頼|お願い|요청|طلب|yêu cầu|अनुरोध|istek|talep"
)
"""To request and to provide."""

ASKS = (
    r"^\W*(?:\w+\W+)?(?:wh(?:at|o|om|ose|ich|en|ere|y)|how|w(?:as|er|en|em|essen|ann|o|oher|ohin|arum|ieso|ie|elche[rsmn]?)|"
    r"qu[ei]|quoi|quel(?:le)?s?|quand|où|pourquoi|comment|combien|qué|quién(?:es)?|cuándo|dónde|por qué|cómo|cuánt[oa]s?|"
    r"cuál(?:es)?|quem|quando|onde|como|quant[oaie]s?|qua(?:l|is)|che|cosa|chi|dove|perch[eé]|come|wat|wie|wanneer|waar|waarom|"
    r"hoe|что|кто|кого|кому|когда|где|куда|почему|зачем|как\w*|сколько|разве|неужели|co|kto|kiedy|gdzie|dlaczego|jak\w*|ile|czy|"
    r"هل|ما|ماذا|من|متى|أين|لماذا|كيف|كم)\b|"
    r"\b(?:wonder\w*|ask(?:s|ed|ing)?|(?:tell|show|remind) (?:me|us)|let (?:me|us) know|let['’]s|know|please|whether|ob|frag\w*|fragt\w*|"
    r"bitte|demand[eé]\w*|dis-moi|dites-moi|veuillez|pregunt\w*|dime|dígame|por favor|pergunt\w*|diga\w*|chied\w*|chies\w*|"
    r"dimmi|per favore|vra\w*|alsjeblieft|спр[ао]\w+|пожалуйста|скажи\w*|интересно|ли|pyta\w*|zapyta\w*|proszę)\b|يسأل|سأل|فضلك"
)
"""How a question looks that has become an indirect or a polite one, or an exclamation: "I wonder why", "how dare you"."""

ASKS_WITHOUT_MARK = {
    "zh": r"[吗嗎呢吧嘛谁誰哪咋啥]|[几幾][个個时時点點岁歲次天年]|什么|什麼|甚麼|怎|多少|是否|有没有|有沒有|还是|還是|如何|何|请|請|问|問|麻烦|麻煩|劳驾|"
    r"不知|难道|多[大长久远高]|(.)[不没]\1",
    "ja": r"[かのね](?:な|ね|よ|い)?[。！!…\s]*$|何|誰|どこ|どの|どれ|どちら|どっち|どんな|どう|いつ|いくら|いくつ|なぜ|なん|かしら|でしょう|だろう|"
    r"[てで](?:ください|下さい)|[聞尋]",
    "ko": r"까|나요|가요|니[.!…\s]*$|냐|는지|은지|인지|무엇|무슨|뭐|뭘|누구|누가|어디|어느|어떤|어떻게|언제|왜|얼마|몇|묻|물었|세요|지요|죠|[아어]요[.!…\s]*$",
    "th": r"ไหม|มั้ย|หรือ|อะไร|ใคร|ไหน|เมื่อไร|เมื่อไหร่|ทำไม|อย่างไร|ยังไง|กี่|เท่าไร|เท่าไหร่|ล่ะ|หรอ|เหรอ|ถาม|ช่วย|โปรด|กรุณา",
    "lo": ".", "my": ".", "km": ".", "bo": ".", "dz": ".", "am": ".", "ti": ".", "hy": ".",
}  # fmt: skip
"""The same for languages whose questions often have no mark; a dot where the words are not known here."""

_CLAUSE = r"(?:^\W*|[,.;:!?，。；：！？、—–-]\s*|\b(?:please|now|just|only|then|and|don['’]?t|do not|bitte|jetzt|nur|und|ne|n['’]|et|y|no|e|non|não|не|и)\s|请你?|請|现在|只|直接|不要|别|然后)"
ORDERS = (
    _CLAUSE + r"(?:translate|answer|reply|respond|ignore|disregard|repeat|summari[sz]e|print|output)\b",
    _CLAUSE + r"(?:write|compose|list|name) (?:me )?(?:an?|two|three|four|five|ten|\d+|some|down)\b",
    _CLAUSE
    + r"(?:翻译|翻譯|回答|答复|回复|忽略|无视|無視|重复|重複|总结|總結|概括|输出|輸出|打印|写一|寫一|写[出个首篇段]|列出|列举|列舉)",
    _CLAUSE
    + r"(?:übersetz|antwort|beantwort|ignorier|wiederhol|fass[et]? |nenne|zähl\w* |schreib\w* (?:eine?n?|mir)\b|gib\b[^.!?]{0,40}\baus\b)",
    _CLAUSE
    + r"(?:tradui[st]|répond[se]|ignore|répète|résume|affiche|(?:cite[zr]?|énumère|liste[zr]?)\b|écri[sv]\w* (?:une?|moi)\b|donne[zr]?-moi)",
    _CLAUSE
    + r"(?:traduz?[ck]|traduce|contest[ae]|responde?|ignor[ae]|repite|repita|resum[ea]|imprim[ae]|enumer[ae]|escrib[ea] (?:una?|solo|únicamente)\b)",
    _CLAUSE + r"(?:traduci|traduca|rispondi|risponda|ignora|ripeti|riassumi|elenca|stampa|scrivi (?:una?|un'))",
    _CLAUSE + r"(?:traduza|responda|ignore|repita|resuma|imprima|liste\b|escreva (?:uma?)\b)",
    _CLAUSE
    + r"(?:перевед\w+|переводи\w*|ответь\w*|отвечай\w*|игнорируй\w*|повтори\w*|перечисли\w*|выведи\w*|напиши\w* (?:мне )?\w+)",
    r"(?:翻訳|回答|返答|無視|要約|出力|復唱)(?:は)?(?:し(?:ないで|て(?:ください|下さい)|ろ)|せず)|(?:答え|応え|繰り返し|挙げ|並べ|書い)て(?:ください|下さい|くれ)",
    r"(?:번역|대답|답변|무시|반복|요약|출력|나열)(?:하지 마|해\s?(?:주세요|줘|라)|하세요|하십시오|하라)|(?:써|적어)\s?(?:주세요|줘)",
    r"(?:^\W*|[.،:؛!؟]\s*|لا )(?:ترجم|أجب|تجاهل|كرر|لخص|اطبع|اكتب|اذكر)",
)
"""How a source asks whom it may concern, or a model, for something that a model can do in its answer."""

TELLS = {
    "en": r"translat|render|interpret|answer|repl[iy]|respon[ds]|ignor|disregard|neglect|forget|overlook|mind|heed|repeat|again|over|echo|summar|sum |recap|brief|"
    r"print|output|display|show|issue|writ|wrote|compos|draft|pen |pen$|creat|make|put |list|enumerat|cite|quot|name|giv|tell|say|state|mention|specif|fill|provide|call|note|record|jot|read|instruct|order|prompt|type|spell|word|tak|get|pick",
    "zh": r"[译譯接答复覆回应應理管顾顧忽无無视視再重总總概摘印输輸显顯写寫列举舉名说說讲講告给給填做创創记記读讀念指提令打叫喊]",
    "de": r"übersetz|dolmetsch|antwort|erwider|reag|ignor|beacht|vergiss|vergess|missacht|hör|wiederhol|noch ?mal|erneut|zusammenfass|fass|druck|ausgeb|gib|geb|zeig|anzeig|"
    r"schreib|verfass|dicht|list|aufzähl|zähl|nenn|sag|erwähn|trag|notier|erstell|mach|les",
    "fr": r"tradui|traduc|interpr|répon|répl|ignor|néglig|oubli|attention|compte|répét|répèt|encore|redi|résum|synth|imprim|affich|écri|rédig|compos|créer?|list|énumér|cit|nomm|"
    r"donn|dis|dit|mention|indiqu|rempl|not|fai|lis",
    "es": r"tradu|interpr|respo|respu|contest|ignor|desate|olvid|caso|cuenta|repit|repet|vez|resum|sintet|imprim|muestr|mostr|escrib|redact|compon|crea|list|enumer|cita|nombr|d[ai]|dime|mencion|rellen|anot|hag|haz|lee",
    "ru": r"перев|толку|ответ|отвеч|реаг|игнор|пренебр|забуд|забы|внимани|слуша|повтор|снова|ещё раз|еще раз|резюм|кратк|обобщ|печат|вывод|вывед|покаж|отобр|пиш|пис|сочин|состав|"
    r"список|перечисл|назов|назв|дай|скаж|упом|заполн|сдела|чит|указ",
    "ja": r"訳|答|応|返|無視|気に|忘れ|繰|再|もう|要約|まとめ|印|出力|表示|書|記|作|挙|リスト|一覧|名|言|述|教え|読|指示",
    "ko": r"번역|통역|옮기|답|응|무시|신경|잊|반복|다시|되풀|요약|정리|출력|인쇄|표시|쓰|써|적|작성|지어|만들|나열|열거|목록|이름|말|대|읽|지시",
}
"""For languages to translate into: stems of which an order to translate, answer, ignore, repeat, write … has one."""
