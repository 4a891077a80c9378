"""What each key prints on every keyboard layout that a host or a scanner may be set to.

Derived by ``scripts/keyboard_layouts.py``; do not edit by hand. Source: xkeyboard-config (Debian package
xkb-data 2.35.1-1), under the licences that NOTICE names; changed in form. Entries whose name starts with
``windows:`` hold what Windows prints otherwise, from ``scripts/keyboard_windows.txt``.

An entry is four lines: its name, a tab and its title; then what its keys print without a modifier, with Shift, and
with AltGr. The keys go by row as on the desk: TLDE AE01-12, AD01-12, AC01-12, LSGT AB01-10 (names of ISO/IEC 9995
as X writes them). A blank is a key that prints nothing; a dotted circle with the mark behind it is a dead key.
"""
# ruff: noqa: RUF001

from __future__ import annotations

LAYOUTS = r"""
us	English (US)
`1234567890-=qwertyuiop[]asdfghjkl;'\<zxcvbnm,./
~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|>ZXCVBNM<>?
                                     |
gb	English (UK)
`1234567890-=qwertyuiop[]asdfghjkl;'#\zxcvbnm,./
¬!"£$%^&*()_+QWERTYUIOP{}ASDFGHJKL:@~|ZXCVBNM<>?
|¹²³€½¾{[]}\◌̧@ſe¶ŧ←↓→øþ◌̈◌̃æßðđŋħ◌̉ĸł◌́◌̂◌̀|«»¢„“”µ•·◌̣
de	German
◌̂1234567890ß◌́qwertzuiopü+asdfghjklöä#<yxcvbnm,.-
°!"§$%&/()=?◌̀QWERTZUIOPÜ*ASDFGHJKLÖÄ'>YXCVBNM;:_
′¹²³¼½¬{[]}\◌̧@ſ€¶ŧ←↓→øþ◌̈~æſðđŋħ◌̣ĸł◌̋◌̂’|»«¢„“”µ·…–
fr	French
²&é"'(-è_çà)=azertyuiop◌̂$qsdfghjklmù*<wxcvbn,;:!
~1234567890°+AZERTYUIOP◌̈£QSDFGHJKLM%µ>WXCVBN?./§
¬¹~#{[|`\^@]}æ«€¶ŧ←↓→øþ◌̈¤@ßðđŋħ◌̉ĸłµ◌̂◌̀|ł»¢„“”◌́•·◌̣
fr(azerty)	French (AZERTY)
²&é"'(-è_çà)=azertyuiop◌̂$qsdfghjklmù*<wxcvbn,;:!
 1234567890°+AZERTYUIOP◌̈£QSDFGHJKLM%µ>WXCVBN?./§
  ~#{[|`\^@]}  €        ¤            |
es	Spanish
º1234567890'¡qwertyuiop◌̀+asdfghjklñ◌́ç<zxcvbnm,.-
ª!"·$%&/()=?¿QWERTYUIOP◌̂*ASDFGHJKLÑ◌̈Ç>ZXCVBNM;:_
\|@#~½¬{[]}\◌̧@ſ€¶ŧ←↓→øþ[]æßðđŋħ◌̉ĸł◌̃{}|«»¢„“”µ•·◌̣
it	Italian
\1234567890'ìqwertyuiopè+asdfghjklòàù<zxcvbnm,.-
|!"£$%&/()=?^QWERTYUIOPé*ASDFGHJKLç°§>ZXCVBNM;:_
¬¹²³¼½¬{[]}`~@ſ€¶ŧ←↓→øþ[]æßðđŋħ◌̉ĸł@#◌̀««»¢“”ñµ◌́·◌̄
pt	Portuguese
\1234567890'«qwertyuiop+◌́asdfghjklçº◌̃<zxcvbnm,.-
|!"#$%&/()=?»QWERTYUIOP*◌̀ASDFGHJKLÇª◌̂>ZXCVBNM;:_
¬¹@£§½¬{[]}\◌̧@ſ€¶ŧ←↓→øþ◌̈◌̃æßðđŋħ◌̉ĸł◌́◌̂◌̀\«»¢„“”µ•·◌̣
nl	Dutch
@1234567890/°qwertyuiop◌̈*asdfghjkl+◌́<]zxcvbnm,.-
§!"#$%&_()'?◌̃QWERTYUIOP◌̂|ASDFGHJKL±◌̀>[ZXCVBNM;:=
¬¹²³¼½¾£{}°\◌̧@ſ€¶þÿüïò¶~◌̃áßðªŋħ◌̉ĸł◌́'◌̀|«»¢“”ñμ¸·
be	Belgian
²&é"'(§è!çà)-azertyuiop◌̂$qsdfghjklmùµ<wxcvbn,;:=
³1234567890°_AZERTYUIOP◌̈*QSDFGHJKLM%£>WXCVBN?./+
¬|@#¼½^{[{}\◌̧@ſ€¶ŧ←↓→œþ[]æßðđŋħ◌̉ĸł◌́◌́◌̀\«»¢„“”◌̧•·◌̃
ch	German (Switzerland)
§1234567890'◌̂qwertzuiopü◌̈asdfghjklöä$<yxcvbnm,.-
°+"*ç%&/()=?◌̀QWERTZUIOPè!ASDFGHJKLéà£>YXCVBNM;:_
¬|@#¼½¬|¢]}◌́◌̃@ſ€¶ŧ←↓→œþ[]æßðđŋħ◌̉ĸł◌́{}\«»¢„“”µ•·◌̣
ch(fr)	French (Switzerland)
§1234567890'◌̂qwertzuiopè◌̈asdfghjkléà$<yxcvbnm,.-
°+"*ç%&/()=?◌̀QWERTZUIOPü!ASDFGHJKLöä£>YXCVBNM;:_
¬|@#¼½¬|¢]}◌́◌̃@ſ€¶ŧ←↓→œþ[]æßðđŋħ◌̉ĸł◌́{}\«»¢„“”µ•·◌̣
dk	Danish
½1234567890+◌́qwertyuiopå◌̈asdfghjklæø'<zxcvbnm,.-
§!"#¤%&/()=?◌̀QWERTYUIOPÅ◌̂ASDFGHJKLÆØ*>ZXCVBNM;:_
¾¡@£$½¥{[]}±|@ſ€®þ←↓→œþ◌̈◌̃ªßðđŋħ◌̉ĸł◌́◌̂◌̋\«»©„“”µ◌̧·◌̣
se	Swedish
§1234567890+◌́qwertyuiopå◌̈asdfghjklöä'<zxcvbnm,.-
½!"#¤%&/()=?◌̀QWERTYUIOPÅ◌̂ASDFGHJKLÖÄ*>ZXCVBNM;:_
¶¡@£$€¥{[]}\±@ſ€®þ←↓→œþ◌̈◌̃ªßðđŋħ◌̉ĸłøæ´|«»©„“”µ◌̧·◌̣
no	Norwegian
|1234567890+\qwertyuiopå◌̈asdfghjkløæ'<zxcvbnm,.-
§!"#¤%&/()=?◌̀QWERTYUIOPÅ◌̂ASDFGHJKLØÆ*>ZXCVBNM;:_
¦¡@£$½¥{[]}±◌́@ſ€®þ←↓→œπ◌̈◌̃ªßðđŋħ◌̉ĸł◌́◌̂◌̋½«»©„“”µ◌̧…–
is	Icelandic
◌̊1234567890ö-qwertyuiopð'asdfghjklæ◌́+<zxcvbnm,.þ
◌̈!"#$%&/()=Ö_QWERTYUIOPÐ?ASDFGHJKLÆ◌́*>ZXCVBNM;:Þ
¬¹²³¼½¬{[]}\◌̧@ſ€¶ŧ←↓→ø|◌̈~æß„đŋħ◌̉ĸł^◌̂`|«»¢„“”µ•·◌̣
ee	Estonian
◌̌1234567890+◌́qwertyuiopüõasdfghjklöä'<zxcvbnm,.-
◌̃!"#¤%&/()=?◌̀QWERTYUIOPÜÕASDFGHJKLÖÄ*>ZXCVBNM;:_
¬¹@£$½¬{[]}\`@ſ€¶ŧ←↓→øþ◌̈§æšðđŋħ◌̉ĸł◌́^½|ž»¢„“”µ<>|
lt	Lithuanian
`ąčęėįšųū„“-žqwertyuiop[]asdfghjkl;'\–zxcvbnm,./
~ĄČĘĖĮŠŲŪ()_ŽQWERTYUIOP{}ASDFGHJKL:"|€ZXCVBNM<>?
´1234567890–=@ſ€¶ŧ←↓→øþ◌̈◌̃æßðđŋħ◌̉ĸł◌́◌̂◌̀|«»¢„“”µ•·◌̣
lt(us)	Lithuanian (US)
`1234567890-=qwertyuiop[]asdfghjkl;'\–zxcvbnm,./
~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|€ZXCVBNM<>?
´ąčęėįšųū„“–ž@ſ€¶ŧ←↓→øþ◌̈◌̃æßðđŋħ◌̉ĸł◌́◌̂◌̀|«»¢„“”µ•·◌̣
cz	Czech
;+ěščřžýáíé=◌́qwertzuiopú)asdfghjklů§◌̈\yxcvbnm,.-
◌̊1234567890%◌̌QWERTZUIOP/(ASDFGHJKL"!'|YXCVBNM?:_
`!@#$%^&*{}\◌̄\|€¶ŧ←↓→øþ[]~đĐ[]`'łŁ$'\/°#&@{}^<>*
cz(qwerty)	Czech (QWERTY)
;+ěščřžýáíé=◌́qwertyuiopú)asdfghjklů§◌̈\zxcvbnm,.-
◌̊1234567890%◌̌QWERTYUIOP/(ASDFGHJKL"!'|ZXCVBNM?:_
`!@#$%^&*()\◌̄\|€¶ŧ←↓→øþ[]~đĐ[]`'łŁ;'\/°#&@{}^<>*
sk	Slovak
;+ľščťžýáíé=◌́qwertzuiopúäasdfghjklô§ň\yxcvbnm,.-
◌̊1234567890%◌̌QWERTZUIOP/(ASDFGHJKL"!)|YXCVBNM?:_
`!@#$%^&*{}\◌̄\|€¶ŧ←↓→øþ[]~đĐ[]`'łŁ$'\/°#&@{}^<>*
sk(qwerty)	Slovak (QWERTY)
;+ľščťžýáíé=◌́qwertyuiopúäasdfghjklô§ň\zxcvbnm,.-
◌̊1234567890%◌̌QWERTYUIOP/(ASDFGHJKL"!)|ZXCVBNM?:_
`!@#$%^&*{}\◌̄\|€¶ŧ←↓→øþ[]~đĐ[]`'łŁ$'\/°#&@{}^<>*
hu	Hungarian
0123456789öüóqwertzuiopőúasdfghjkléáűíyxcvbnm,.-
§'"+!%/=()ÖÜÓQWERTZUIOPŐÚASDFGHJKLÉÁŰÍYXCVBNM?:_
¬~◌̌^◌̆◌̊◌̨`◌̇◌́◌̋◌̈◌̧\|Ä¶ŧ–€Í„”÷×äđĐ[]ħíłŁ$ß¤<>#&@{}<;>*
ro	Romanian
`1234567890-=qwertyuiop[]asdfghjkl;'\\zxcvbnm,./
~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"||ZXCVBNM<>?
 ◌̃◌̌◌̂◌̆◌̊◌̨◌̀◌̇◌́◌̋◌̈◌̧âß€ ț  î §„”ășđ     ł   |  ©    «»
ro(std)	Romanian (standard)
„1234567890-=qwertyuiopăîasdfghjklșțâ\zxcvbnm,./
”!@#$%^&*()_+QWERTYUIOPĂÎASDFGHJKLȘȚÂ|ZXCVBNM;:?
`◌̃◌̌◌̂◌̆◌̊◌̨◌̀◌̇◌́◌̋◌̈◌̧  €      §[] ßđ     ł;'\|  ©    <>
bg	Bulgarian
(1234567890-.,уеишщксдзц;ьяаожгтнвмч„ѝюйъэфхпрлб
)!?+"%=:/–№$€ыУЕИШЩКСДЗЦ§ѝЯАОЖГТНВМЧ“ЍЮЙЪЭФХПРЛБ
[  † 〈—…̀  ‑ ’ эѝ  ©©    ыѣ    ™    «| ѭѫ    ®
bg(phonetic)	Bulgarian (traditional phonetic)
ч1234567890-=явертъуиопшщасдфгхйкл;'юѝзьцжбнм,./
Ч!@№$%€§*()–+ЯВЕРТЪУИОПШЩАСДФГХЙКЛ:"ЮЍЗѝЦЖБНМ„“?
    €    []‑—ѣ э®™ѫ ѝ     ©    ѭ  …’ | ы©    «»̀
gr	Greek
`1234567890-=;ςερτυθιοπ[]ασδφγηξκλ◌́'\«ζχψωβνμ,./
~!@#$%^&*()_+:ΣΕΡΤΥΘΙΟΠ{}ΑΣΔΦΓΗΞΚΛ◌̈"|»ΖΧΨΩΒΝΜ<>?
  ½£¼€ϰϗ₯ °± ·ϛ€® ϒϑͻ ϡ◌̃◌ͅ  ↓ϕϝ ͼϟϲ◌́◌̀ |ͽ→©ϖϐʹϻ«»
tr	Turkish
"1234567890*-qwertyuıopğüasdfghjklşi,<zxcvbnmöç.
é!'^+%&/()=?_QWERTYUIOPĞÜASDFGHJKLŞİ;>ZXCVBNMÖÇ:
<>£#$½¾{[]}\|@ €¶₺←ûîô ◌̈~âß ª  ◌̉  ´'`|«»¢„“”µ×·◌̇
tr(f)	Turkish (F)
+1234567890/-fgğıodrnhpqwuieaütkmlyşx<jövcçzsb.,
*!"^$%&'()=?_FGĞIODRNHPQWUİEAÜTKMLYŞX>JÖVCÇZSB:;
¬¹²#¼½¾{[]}\|@  ¶ô¥® °£◌̈~ûî€âû₺ µ ´#`|«»“¢” §×÷·
hr	Croatian
`1234567890'+qwertzuiopšđasdfghjklčćž<yxcvbnm,.-
~!"#$%&/()=?*QWERTZUIOPŠĐASDFGHJKLČĆŽ>YXCVBNM;:_
¬~◌̌^◌̆°◌̨`◌̇◌́◌̋◌̈◌̧\|€¶ŧ←↓→øþ÷×æ„”[]ħ◌̉łł◌́ß¤|‘’¢@{}§<>◌̣
si	Slovenian
¸1234567890'+qwertzuiopšđasdfghjklčćž<yxcvbnm,.-
¨!"#$%&/()=?*QWERTZUIOPŠĐASDFGHJKLČĆŽ>YXCVBNM;:_
 ◌̃◌̌◌̂◌̆◌̊◌̨◌̀◌̇◌́◌̋◌̈◌̧\|€¶ŧ←↓→øþ÷×æ„“[]ħ◌̉łł◌́ß¤|‘’¢@{}§<>—
rs	Serbian
`1234567890'+љњертзуиопшђасдфгхјклчћж<жџцвбнм,.-
~!"#$%&/()=?*ЉЊЕРТЗУИОПШЂАСДФГХЈКЛЧЋЖ>ЖЏЦВБНМ;:_
°  ◌̂   ◌̀◌̏◌́◌̑◌̄ \|€¶…←↓→§ ÷× „“[]      ¤|‘’¢@{}^<>—
ru	Russian
ё1234567890-=йцукенгшщзхъфывапролджэ\/ячсмитьбю.
Ё!"№;%:?*()_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭ/|ЯЧСМИТЬБЮ,
        ₽                            |
ua	Ukrainian
'1234567890-=йцукенгшщзхїфівапролджєґ/ячсмитьбю.
ʼ!"№;%:?*()_+ЙЦУКЕНГШЩЗХЇФІВАПРОЛДЖЄҐ|ЯЧСМИТЬБЮ,
́¹²§$°<>•[]—≠јџў®ёњ     ъ ы     љђ э\| ћ©  ™ «»/
by	Belarusian
ё1234567890-=йцукенгшўзх'фывапролджэ\/ячсмітьбю.
Ё!"№;%:?*()_+ЙЦУКЕНГШЎЗХ'ФЫВАПРОЛДЖЭ/|ЯЧСМІТЬБЮ,
        ₽                            |
il	Hebrew
;1234567890-=/'קראטוןםפ][שדגכעיחלךף,\<זסבהנמצתץ.
~!@#$%^&*)(_+QWERTYUIOP}{ASDFGHJKL:"|>ZXCVBNM><?
׳  €₪°ֽ֫×  ־–ֳָׁׂ װֹ  ְֲַּֿ  ױײִ ”„״ֻ| ֱֶ   ֵ’‚÷
ara	Arabic
ذ1234567890-=ضصثقفغعهخحجدشسيبلاتنمكط\|ئءؤرﻻىةوزظ
ّ!@#$%^&*)(_+ًٌَُﻹإ`÷×؛<>ٍِ][ﻷأـ،/:"…¦~ْ}{ﻵآ',.؟
٪١٢٣٤٥٦٧٨٩٠–≠    ڤ     چ    پ ٱ ٫ گ⟩⟨|»«   ٰ ٬ژ٭
ir	Persian
 ۱۲۳۴۵۶۷۸۹۰-=ضصثقفغعهخحجچشسیبلاتنمکگ\<ظطزرذدپو./
÷!٬٫﷼٪×،*)(ـ+ًٌٍَُِّْ][}{ؤئيإأآة»«:؛|>كٓژٰ ٔء><؟
~`@#$%^&•  _−°             ى  ٱ ﴾﴿;"‐|   ٖ ٕ…,'?
in	Indian
ॊ१२३४५६७८९०-ृौैाीूबहगदजड़ोे्िुपरकतचटॉ<ॆंमनवलस,.य
ऒऍॅ#$%^&*()ःऋऔऐआईऊभङघधझढञओएअइउफऱखथछठऑ>ऎँणऩऴळशष।य़
`1234567890-ॄ   ॣ   ग़ ज़ड़    ॢ   क़ ॒ \|॓ ॔    ॰॥/
th	Thai
_ๅ/-ภถุึคตจขชๆไำพะัีรนยบลฟหกดเ้่าสวงฃ<ผปแอิืทมใฝ
%+๑๒๓๔ู฿๕๖๗๘๙๐"ฎฑธํ๊ณฯญฐ,ฤฆฏโฌ็๋ษศซ.ฅ>()ฉฮฺ์?ฒฬฦ
                                     |
vn	Vietnamese
`ăâêộ̀̉̃́đ-₫qwertyuiopươasdfghjkl;'\<zxcvbnm,./
~ĂÂÊÔ%^&*(Đ_+QWERTYUIOPƯƠASDFGHJKL:"|>ZXCVBNM<>?
     ◌̀◌̉◌̃◌́◌̣                           |
jp	Japanese
 1234567890-^qwertyuiop@[asdfghjkl;:]<zxcvbnm,./
 !"#$%&'()~=~QWERTYUIOP`{ASDFGHJKL+*}>ZXCVBNM<>?
                                     |
br	Portuguese (Brazil)
'1234567890-=qwertyuiop◌́[asdfghjklç◌̃]\zxcvbnm,.;
"!@#$%◌̈&*()_+QWERTYUIOP◌̀{ASDFGHJKLÇ◌̂}|ZXCVBNM<>:
¬¹²³£¢¬{[]}\§/?°®ŧ←↓→øþ´ªæßðđŋħ◌̉ĸł◌́~º◌̌«»©„“”µ•·◌̣
latam	Spanish (Latin American)
|1234567890'¿qwertyuiop◌́+asdfghjklñ{}<zxcvbnm,.-
°!"#$%&/()=?¡QWERTYUIOP◌̈*ASDFGHJKLÑ[]>ZXCVBNM;:_
¬|@·~½¬{[]}\◌̧@ſ€¶ŧ←↓→øþ◌̈~æßðđŋħ◌̉ĸł~◌̂◌̀\«»¢„“”µ•·◌̣
ca	French (Canada)
#1234567890-=qwertyuiop◌̂◌̧asdfghjkl;◌̀<«zxcvbnm,.é
|!"/$%?&*()_+QWERTYUIOP◌̂◌̈ASDFGHJKL:◌̀>»ZXCVBNM'.É
\±@£¢¤¬¦²³¼½¾        §¶[]         ~{}°      µ¯ ◌́
us(intl)	English (US, intl., with dead keys)
◌̀1234567890-=qwertyuiop[]asdfghjkl;◌́\\zxcvbnm,./
◌̃!@#$%◌̂&*()_+QWERTYUIOP{}ASDFGHJKL:◌̈||ZXCVBNM<>?
`¡²³¤€¼½¾‘’¥×äåé®þüúíóö«»áßðfghjœø¶'¬\æx©vbñµç◌̇¿
us(dvorak)	English (Dvorak)
`1234567890[]',.pyfgcrl/=aoeuidhtns-\<;qjkxbmwvz
~!@#$%^&*(){}"<>PYFGCRL?+AOEUIDHTNS_|>:QJKXBMWVZ
◌̀     ◌̂  ◌̀  ◌̃◌́◌̧◌̇                     |◌̨
us(colemak)	English (Colemak)
`1234567890-=qwfpgjluy;[]arstdhneio'\-zxcvbkm,./
~!@#$%^&*()_+QWFPGJLUY:{}ARSTDHNEIO"|_ZXCVBKM<>?
◌̃¡ºª¢€ħðþ‘’–×äåãø◌̨đłúüö«»á◌̀ß◌́◌̈◌̌ñéíóõ~–æ◌̂çœ◌̆◌̊◌̄◌̧◌̇¿
fr(bepo)	French (BEPO)
$"«»()@+-/*=%bépoè◌̂vdljzwauie,ctsrnmçêàyx.k'qghf
#1234567890°`BÉPOÈ!VDLJZWAUIE;CTSRNMÇÊÀYX:K?QGHF
–—<>[]^±−÷×≠‰|◌́&œ◌̀¡◌̌ð◌̵ĳə◌̆æù◌̈€’©þß®◌̃◌̄◌̧/\{}…~¿◌̊ †◌̨
windows:bg-typewriter	Bulgarian (Typewriter)
`1234567890-.,уеишщксдзц;ьяаожгтнвмч(\юйъэфхпрлб
~!?+"%=:/_№ІVыУЕИШЩКСДЗЦ§ЬЯАОЖГТНВМЧ)|ЮЙЪЭФХПРЛБ
[  † 〈—…̀  ‑ ’ эѝ  ©©    ыѣ    ™    «| ѭѫ    ®
windows:bg-phonetic-traditional	Bulgarian (Phonetic Traditional)
ч1234567890-=явертъуиопшщасдфгхйкл;'ююзьцжбнм,./
Ч!@№$%€§*()_+ЯВЕРТЪУИОПШЩАСДФГХЙКЛ:"ЮЮЗѝЦЖБНМ<>?
    €    []‑—ѣ э®™ѫ ѝ     ©    ѭ  …’ | ы©    «»̀
windows:gr	Greek
`1234567890-=;ςερτυθιοπ[]ασδφγηξκλ◌́'\<ζχψωβνμ,./
~!@#$%^&*()_+:◌̈́ΕΡΤΥΘΙΟΠ{}ΑΣΔΦΓΗΞΚΛ◌̈"|>ΖΧΨΩΒΝΜ<>?
  ½£¼€ϰϗ₯ °± ·ϛ€® ϒϑͻ ϡ◌̃◌ͅ  ↓ϕϝ ͼϟϲ◌́◌̀ |ͽ→©ϖϐʹϻ«»
windows:gr-polytonic	Greek Polytonic
◌~1234567890◌-◌=◌;ςερτυθιοπ◌[◌]ασδφγηξκλ◌́◌'◌\<ζχψωβνμ,.◌/
◌`!@#$%^&*()◌_◌+◌:◌̈́ΕΡΤΥΘΙΟΠ◌{◌}ΑΣΔΦΓΗΞΚΛ◌̈◌"◌|>ΖΧΨΩΒΝΜ<>◌?
  ½£¼€ϰϗ₯ °± ·ϛ€® ϒϑͻ ϡ◌̃◌ͅ  ↓ϕϝ ͼϟϲ◌́◌̀ |ͽ→©ϖϐʹϻ«»
windows:gr-220	Greek (220)
½1234567890'];ςερτυθιοπ+}ασδφγηξκλ◌́◌̈#<ζχψωβνμ,.-
±!"£$%&/()=?[:~ΕΡΤΥΘΙΟΠ*{ΑΣΔΦΓΗΞΚΛ◌̈◌̈́@>ΖΧΨΩΒΝΜ;:_
  ½£¼€ϰϗ₯ °± ·ϛ€® ϒϑͻ ϡ◌̃◌ͅ  ↓ϕϝ ͼϟϲ◌́◌̀ |ͽ→©ϖϐʹϻ«»
windows:gr-319	Greek (319)
½1234567890'+·ςερτυθιοπ[]ασδφγηξκλ◌́’²§ζχψωβνμ,.-
±!"£$%¬/()=°*―¦ΕΡΤΥΘΙΟΠ«»ΑΣΔΦΓΗΞΚΛ◌̈‘³©ΖΧΨΩΒΝΜ;:_
  ½£¼€ϰϗ₯ °± ·ϛ€® ϒϑͻ ϡ◌̃◌ͅ  ↓ϕϝ ͼϟϲ◌́◌̀ |ͽ→©ϖϐʹϻ«»
windows:gr-220-latin	Greek (220) Latin
\1234567890']qwertyuiop+}asdfghjkl◌́◌̈#<zxcvbnm,.-
|!"#$%&/()=?[QWERTYUIOP*{ASDFGHJKL◌̈◌̈́@>ZXCVBNM;:_
                                     |
windows:gr-319-latin	Greek (319) Latin
\1234567890'+qwertyuiop[]asdfghjkl◌́◌̂◌̀<zxcvbnm,.-
|!"#$%&/()=?*QWERTYUIOP{}ASDFGHJKL◌̈◌̃@>ZXCVBNM;:_
                                     |
windows:lv	Latvian
 1234567890-fūgjrmvnzēčžhšusildatec◌́ķģņbīkpoā,.ļ
?!«»$%/&×()_FŪGJRMVNZĒČŽHŠUSILDATEC◌̊ĶĢŅBĪKPOĀ;:Ļ
´¹ģ³€½¾{[]}–=qgjŗmwyzēč[]šusildatec'/ģņxīkpōā<>?
windows:lv-qwerty	Latvian (QWERTY)
`1234567890-=qwertyuiop[]asdfghjkl;'◌̊\zxcvbnm,./
~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"||ZXCVBNM<>?
                                     |
windows:lv-standard	Latvian (Standard)
`1234567890-=qwertyuiop[]asdfghjkl;◌̕\<zxcvbnm,./
~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|>ZXCVBNM<>?
                                     |
windows:lt	Lithuanian
`ąčęėįšųū90-žqwertyuiop[]asdfghjkl;'\\zxcvbnm,./
~ĄČĘĖĮŠŲŪ()_ŽQWERTYUIOP{}ASDFGHJKL:"||ZXCVBNM<>?
´1234567890–=@ſ€¶ŧ←↓→øþ◌̈◌̃æßðđŋħ◌̉ĸł◌́◌̂◌̀|«»¢„“”µ•·◌̣
windows:lt-ibm	Lithuanian IBM
`!"/;:,.?()_+ąžertyuiopį“asdfghjklųė\<zūcvbnmčšę
~1234567890-=ĄŽERTYUIOPĮ”ASDFGHJKLŲĖ|>ZŪCVBNMČŠĘ
´¹@#$%^&*]}–◌̧qw€¶ŧ←↓→øþ[]æßðđŋħ◌̉ĸł;'◌̀–«x¢„“”µ,./
windows:ro-legacy	Romanian (Legacy)
]1234567890+'qwertzuiopăîasdfghjklşţâ<yxcvbnm,.-
[!"#¤%&/()=?*QWERTZUIOPĂÎASDFGHJKLŞŢÂ>YXCVBNM;:_
 ~◌̌◌̂◌̆◌̊◌̨◌̀◌̇◌́◌̋◌̈◌̧\|€       ÷× đĐ    łŁ$ß |   @{}§<>
windows:se-extended-norway	Sami Extended Norway
|1234567890+\ášertŧuiopåŋasdfghjkløæđžzčcvbnm,.-
§!"#¤%&/()=?◌̀ÁŠERTŦUIOPÅŊASDFGHJKLØÆĐŽZČCVBNM;:_
¦©@£$•§{[]}÷´qwé®ŧýüïœþâ"àßðªǧǥ¬ǩ°öä'ǯʒxç≤≥‘’‚…–
windows:se-extended-finland	Sami Extended Finland-Sweden
§1234567890+◌́ášertŧuiopåŋasdfghjklöäđžzčcvbnm,.-
½!"#¤%&/()=?◌̀ÁŠERTŦUIOPÅŊASDFGHJKLÖÄĐŽZČCVBNM;:_
¦©@£$•§{[]}÷´qwé®ŧýüïœþâ"àßðªǧǥ¬ǩ°øæ'ǯʒxç≤≥‘’‚…–
windows:es-variation	Spanish Variation
'1234567890-◌̈qwertyuiop÷◌̀asdfghjklñç◌́<zxcvbnm,.=
·ª"/()¡!¿?₧+◌̈QWERTYUIOP×◌̀ASDFGHJKLÑÇ◌́>ZXCVBNM;:%
\|@#~½¬{[]}\◌̧@ſ€¶ŧ←↓→øþ[]æßðđŋħ◌̉ĸł◌̃{}|«»¢„“”µ•·◌̣
windows:dsb-legacy	Sorbian Standard (Legacy)
◌̂1234567890ß◌́qwertzuiopü+asdfghjklöäł<yxcvbnm,.-
°!"§$%&/()=?◌̀QWERTZUIOPÜ*ASDFGHJKLÖÄŁ>YXCVBNM;:_
′¹²³¼½¬{[]}\◌̧@ſ€¶ŧ←↓→øþ◌̈~æſðđŋħ◌̣ĸł◌̋◌̂’|»«¢„“”µ·…–
windows:gaelic	Gaelic
◌̀1234567890-=qwertyuiop[]asdfghjkl;◌́#\zxcvbnm,./
 !"£$%^&*()_+QWERTYUIOP{}ASDFGHJKL:@~|ZXCVBNM<>?
|¹²³€½¾{[]}\◌̧@ſe¶ŧ←↓→øþ◌̈◌̃æßðđŋħ◌̉ĸł◌́◌̂◌̀|«»¢„“”µ•·◌̣
windows:ie	Irish
◌̀1234567890-=qwertyuiop[]asdfghjkl;'#\zxcvbnm,./
¬!"£$%^&*()_+QWERTYUIOP{}ASDFGHJKL:@~|ZXCVBNM<>?
|¹²³€½¾{[]}\◌̧@ſe¶ŧ←↓→øþ◌̈◌̃æßðđŋħ◌̉ĸł◌́◌̂◌̀|«»¢„“”µ•·◌̣
windows:ca-csa	Canadian Multilingual Standard
/1234567890-=qwertyuiop◌̂çasdfghjkl;èàùzxcvbnm,.é
\!@#$%?&*()_+QWERTYUIOP◌̈ÇASDFGHJKL:ÈÀÙZXCVBNM'"É
|±@£¢¤¬{}[]½¬        §¶◌̀~         °{}°«»    µ<>◌́
windows:rs	Serbian (Cyrillic)
`1234567890'+љњертзуиопшђасдфгхјклчћж<ѕџцвбнм,.-
~!"#$%&/()=?*ЉЊЕРТЗУИОПШЂАСДФГХЈКЛЧЋЖ>ЅЏЦВБНМ;:_
°  ◌̂   ◌̀◌̏◌́◌̑◌̄ \|€¶…←↓→§ ÷× „“[]      ¤|‘’¢@{}^<>—
windows:is	Icelandic
◌̊1234567890ö-qwertyuiopð'asdfghjklæ◌́+<zxcvbnm,.þ
◌̈!"#$%&/()=Ö_QWERTYUIOPÐ?ASDFGHJKLÆ'*>ZXCVBNM;:Þ
¬¹²³¼½¬{[]}\◌̧@ſ€¶ŧ←↓→ø|◌̈~æß„đŋħ◌̉ĸł^◌̂`|«»¢„“”µ•·◌̣
windows:sk	Slovak
;+ľščťžýáíé=◌́qwertzuiopúäasdfghjklô§ň&yxcvbnm,.-
◌̊1234567890%◌̌QWERTZUIOP/(ASDFGHJKL"!)*YXCVBNM?:_
`!@#$%^&*{}\◌̄\|€¶ŧ←↓→øþ[]~đĐ[]`'łŁ$'\/°#&@{}^<>*
windows:letters-qwertz	QWERTZ, letters alone
`1234567890-=qwertzuiop[]asdfghjkl;'\<yxcvbnm,./
~!@#$%^&*()_+QWERTZUIOP{}ASDFGHJKL:"|>YXCVBNM<>?
                                     |
windows:letters-azerty	AZERTY, letters alone
`1234567890-=azertyuiop[]qsdfghjkl;'\<wxcvbnm,./
~!@#$%^&*()_+AZERTYUIOP{}QSDFGHJKL:"|>WXCVBNM<>?
                                     |
us(chr)	Cherokee
`123ᏙᏦᏜᏋᏖᏒᏄᎿᏳᎪᎳᎡᏛᏔᏯᎤᎢᎣᏁᏕᎶᎠᏍᏗᎩᎦᎯᏚᎸᎵᏨ'Ꮹ<ᎬᏴᏓᎥᎨᎾᏅ,.Ꮒ
ᏊᎱᏇᏧᎰᎹᏝᏡᎺ()ᎼᎽᏆᏫᏣᏏᏘᏲᎭᏱᏬᏪᏑᏤᏌᏎᏐᏈᏥᎲᎫᎧᎮᏠ"Ꮾ>ᏃᏭᏟᏞᏰᎻᎷᏢᎴᏉ
                                     |
us(haw)	Hawaiian
`1234567890-=qwertyuiop[]asdfghjkl;ʻ\<zxcvbnm,./
~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|>ZXCVBNM<>?
               ē   ūīō   ā         ' |
us(colemak_dh)	English (Colemak-DH)
`1234567890-=qwfpbjluy;[]arstgmneio'\zxcdvzkh,./
~!@#$%^&*()_+QWFPBJLUY:{}ARSTGMNEIO"|ZXCDVZKH<>?
◌̃¡ºª¢€ħðþ‘’–×äåãø◌̆đłúüö«»á◌̀ß◌́◌̨◌̄ñéíóõ~æ◌̂ç◌̈œæ◌̊◌̌◌̧◌̇¿
us(colemak_dh_iso)	English (Colemak-DH ISO)
`1234567890-=qwfpbjluy;[]arstgmneio'\zxcdv\kh,./
~!@#$%^&*()_+QWFPBJLUY:{}ARSTGMNEIO"|ZXCDV|KH<>?
◌̃¡ºª¢€ħðþ‘’–×äåãø◌̆đłúüö«»á◌̀ß◌́◌̨◌̄ñéíóõ~æ◌̂ç◌̈œ~◌̊◌̌◌̧◌̇¿
us(dvorak-intl)	English (Dvorak, intl., with dead keys)
◌̀1234567890[]◌́,.pyfgcrl/=aoeuidhtns-\<;qjkxbmwvz
◌̃!@#$%◌̂&*(){}◌̈<>PYFGCRL?+AOEUIDHTNS_|>:QJKXBMWVZ
`¡²³¤€¼½¾‘’«»'ç◌̇öü  ©®ø¿ áóéúíð þñß ¬|¶ä œ  µå æ
us(dvorak-l)	English (Dvorak, left-handed)
`[]/pfmlj4321;qbyurso.65=-kcdtheaz87\<'xgvwni,09
~{}?PFMLJ$#@!:QBYURSO>^%+_KCDTHEAZ*&|>"XGVWNI<)(
◌̀     ◌̂  ◌̀  ◌̃◌́◌̧◌̇                     |◌̨
us(dvorak-r)	English (Dvorak, right-handed)
`1234jlmfp/[]56q.orsuyb;=78zaehtdck-\<90x,inwvg'
~!@#$JLMFP?{}%^Q>ORSUYB:+&*ZAEHTDCK_|>()X<INWVG"
◌̀     ◌̂  ◌̀  ◌̃◌́◌̧◌̇                     |◌̨
us(dvorak-classic)	English (classic Dvorak)
`[7531902468]/,.pyfgcrl'=aoeuidhtns-\<;qjkxbmwvz
~{&%#!()@$^*}?<>PYFGCRL"+AOEUIDHTNS_|>:QJKXBMWVZ
◌̀     ◌̀   ◌̂ ◌̃ ◌̧◌̇       ◌́             |◌̨
us(dvp)	English (programmer Dvorak)
$&[{}(=*)+]!#;,.pyfgcrl/@aoeuidhtns-\<'qjkxbmwvz
~%7531902468`:<>PYFGCRL?^AOEUIDHTNS_|>"QJKXBMWVZ
◌̃ ¤¢¥€£ ½◌̀ ¡◌̀◌̈«»¶ü  ç® ¿◌̂åøæé ð◌́þñß  |◌́
us(dvorak-mac)	English (Dvorak, Macintosh)
`1234567890[]',.pyfgcrl/=aoeuidhtns-\§;qjkxbmwvz
~!@#$%^&*(){}"<>PYFGCRL?+AOEUIDHTNS_|±:QJKXBMWVZ
◌̀¡™£¢∞§¶•ªº“‘æ≤≥π¥ƒ©ç®¬÷≠åø◌́◌̈◌̂∂˙†◌̃ß–«|…œ∆◌̊≈∫µ∑√Ω
us(symbolic)	English (US, Symbolic)
`1234567890-=qwertyuiop[]asdfghjkl;'\⌊zxcvbnm,./
~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|⌋ZXCVBNM<>?
\¹²³⁴⁵⁶⁷⁸⁹⁰≠×∀∈ερτυθιοπ∪⊂ασδφγηξκλ↓→`⌈ζχψωβνμ≤≥‽
us(rus)	Russian (US, phonetic)
ё1234567890-ъявертыуиопшщасдфгхйклчюэ<зьцжбнм,./
Ё!@#$%^&*()_ЪЯВЕРТЫУИОПШЩАСДФГХЙКЛЧЮЭ>ЗЬЦЖБНМ<>?
`           =          []         ;'\|
us(mac)	English (Macintosh)
`1234567890-=qwertyuiop[]asdfghjkl;'\§zxcvbnm,./
~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|±ZXCVBNM<>?
◌̀¡™£¢∞§¶•ªº–≠œ∑◌́®†¥◌̈◌̂øπ“‘åß∂ƒ©◌̇∆◌̊¬…æ«§Ω≈ç√∫◌̃µ≤≥÷
us(hbs)	Serbo-Croatian (US)
`1234567890-=qwertyuiop[]asdfghjkl;◌́\<zxcvbnm,./
~!@#$%◌̌&*()_+QWERTYUIOP{}ASDFGHJKL:"|>ZXCVBNM<>?
      ^ ×  –   €           đ     ǉ ' |ǆ    ǌ 〃…
us(norman)	English (Norman)
`1234567890-=qwdfkjurl;[]asetgynioh'\<zxcvbpm,./
~!@#$%^&*()_+QWDFKJURL:{}ASETGYNIOH"|>ZXCVBPM<>?
                                     |
us(workman)	English (Workman)
`1234567890-=qdrwbjfup;[]ashtgyneoi'\<zxmcvkl,./
~!@#$%^&*()_+QDRWBJFUP:{}ASHTGYNEOI"|>ZXMCVKL<>?
                                     |
us(workman-intl)	English (Workman, intl., with dead keys)
◌̀1234567890-=qdrwbjfup;[]ashtgyneoi◌́\\zxmcvkl,./
◌̃!@#$%◌̂&*()_+QDRWBJFUP:{}ASHTGYNEOI◌̈||ZXMCVKL<>?
`¡²³¤€¼½¾‘’¥×äð®åbjfúö¶«»áßhþgüñéóí'¬\æxµ©vœøç◌̇¿
af	Dari
 ۱۲۳۴۵۶۷۸۹۰-=ضصثقفغعهخحجچشسیبلاتنمکگ\<ظطزرذدپو./
÷!٬٫ ٪×،*)(ـ+ًٌٍَُِّْ][}{ؤئيإأآة»«:؛|>كٓژٰ ٔء><؟
◌̃`@#$%^&•  _ ° €﴾﴿  ٕ'"ځڅښۍىېڷٱټڼں;ګ?|ےڑږړڈډٹ,ۇۉ
af(ps)	Pashto
 ۱۲۳۴۵۶۷۸۹۰-=ضصثقفغعهخحجچشسیبلاتنمکګ\<ۍېزرذدړوږ/
÷!٬٫ ٪×»«)(ـ+ًٌٍَُِّْځڅ][ښئيپأآټڼة:؛*>ظطژء ډؤ،.؟
◌̃`@#$%^&•  _ °ٓ€﴾﴿  ٰ'"}{ ےىںڷٱٹ><كگ||?;ٕٔإڈڑ,ۇۉ
af(uz)	Uzbek (Afghanistan)
 ۱۲۳۴۵۶۷۸۹۰-=ضصثقفغعهخحجچشسیبلاتنمکگ\<ظطزرذدپو./
÷!٬٫ ٪×،*)(ـ+ًٌٍَُِّْ][}{ؤئيېأآة»«:؛|>ۉۇژإ ٔء><؟
◌̃`@#$%^&•  _ °ٓ€﴾﴿  ٰ'"ځڅښۍىكڷٱټڼں;ګ?|ےڑږړڈډٹ, ٕ
af(ps-olpc)	Pashto (Afghanistan, OLPC)
 ۱۲۳۴۵۶۷۸۹۰-=ضصثقفغعهخحجچشسیبلاتنمکګ\<ظېزرذدړوږ/
ٔ!٬٫؋٪×»«)(ـ+ًٌٍَُِّْځڅ][ښۍيپأآټڼة:؛*>ئطژء ډؤ..؟
`~@#$%^&٭•°_÷€ٱى    ٰ'"{}  ےںڷإٹ><كگ||?;   ڈڑ,ۇۉ
af(fa-olpc)	Dari (Afghanistan, OLPC)
 ۱۲۳۴۵۶۷۸۹۰-=ضصثقفغعهخحجچشسیبلاتنمکگ\<ظطزرذدپو./
÷!٬٫؋٪×،*)(ـ+ًٌٍَُِّْ][}{ؤئيإأآة»«:؛|>كٓژٰ ٔء><؟
~`@#$%^&•  _ ° €﴾﴿ٖ ٕ'"ځڅښۍىېڷٱټڼں;ګ?|ےڑږړڈډٹ,ۇۉ
af(uz-olpc)	Uzbek (Afghanistan, OLPC)
 ۱۲۳۴۵۶۷۸۹۰-=ضصثقفغعهخحجچشسیبلاتنمکگ\<ظطزرذدپو./
÷!٬٫؋٪×،*)(ـ+ًٌٍَُِّْ][}{ؤئيېأآة»«:؛|>ۉۇژإ ٔء><؟
~`@#$%^&•  _ °ٓ€﴾﴿ٖ ٰ'"ځڅښۍىكڷٱټڼں;ګ?|ےڑږړڈډٹ, ٕ
ara(azerty)	Arabic (AZERTY)
ذ&é"'(-è_çà)=ضصثقفغعهخحجدشسيبلاتنمكط\|ئءؤرﻻىةوزظ
ّ1234567890°+ًٌَُﻹإ`÷×؛<>ٍِ][ﻷأـ،/:"…¦~ْ}{ﻵآ',.؟
٪١٢٣٤٥٦٧٨٩٠–≠    ڤ     چ    پ ٱ ٫ گ⟩⟨|»«   ٰ ٬ژ٭
ara(azerty_digits)	Arabic (AZERTY, Eastern Arabic numerals)
ذ&é"'(-è_çà)=ضصثقفغعهخحجدشسيبلاتنمكط\|ئءؤرﻻىةوزظ
ّ١٢٣٤٥٦٧٨٩٠°+ًٌَُﻹإ`÷×؛<>ٍِ][ﻷأـ،/:"…¦~ْ}{ﻵآ',.؟
٪1234567890–≠    ڤ     چ    پ ٱ ٫ گ⟩⟨|»«   ٰ ٬ژ٭
ara(digits)	Arabic (Eastern Arabic numerals)
ذ١٢٣٤٥٦٧٨٩٠-=ضصثقفغعهخحجدشسيبلاتنمكط\|ئءؤرﻻىةوزظ
ّ!@#$٪^&*)(_+ًٌَُﻹإ`÷×؛<>ٍِ][ﻷأـ،/:"…¦~ْ}{ﻵآ',.؟
%1234567890–≠    ڤ     چ    پ ٱ ٫ گ⟩⟨|»«   ٰ ٬ژ٭
ara(buckwalter)	Arabic (Buckwalter)
ٰ١٢٣٤٥٦٧٨٩٠-=قو رتيُِْة  َسدفغهجكل؛ء <زخ ثبنم،۔
ّ   ش٪ ؤذ﴾﴿ـ+ ؤع طى إأ ٱئاصضً ح ٍ   آ>ظ    ٌ إأ؟
                                     |
ara(olpc)	Arabic (OLPC)
`١٢٣٤٥٦٧٨٩٠-=ضصثقفغعهخحجدشسيبلاتنمكط\|ئءؤرذىةوزظ
~!@#$٪£€*)(_+ًٌَُّإ`÷×؛}{><][&أـ،/:"|¦~ٍِْ^آ',.؟
%1234567890–≠    ڤ     چ    پ ٱ ٫ گ⟩⟨|»«   ٰ ٬ژ٭
ara(mac)	Arabic (Macintosh)
ـ١٢٣٤٥٦٧٨٩٠-=ضصثقفغعهخحجةشسيبلاتنمك؛\ـظطذدزرو،./
 !@#$٪^&*)(_+ًٌٍَُِّْ][}{»«ىٰ آٱ  :"|   ئءأإؤ><؟
%1234567890–≠    ڤ     چ    پ ٱ ٫ گ⟩⟨|»«   ٰ ٬ژ٭
al	Albanian
\1234567890-=qwertzuiopç@asdfghjklë[]<yxcvbnm,./
|!"#$%^&*()_+QWERTZUIOPÇ'ASDFGHJKLË{}>YXCVBNM;:?
¬~◌̌◌̂◌̆◌̊◌̨`◌̇◌́◌̋◌̈◌̧\|€¶ŧ←↓→øþ÷×æđĐ[]ħ◌̉łł$ß¤|«»¢@{}§<>◌̣
al(plisi)	Albanian (Plisi)
`1234567890-=qwertyuiopç>asdfghjklë'\<zxcvbnm,./
~!@#$%^&*()_+QWERTYUIOPÇ<ASDFGHJKLË"|>ZXCVBNM;:?
 ’²³€¡¿{}[] ®◌̀◌̌◌̂◌̈◌̄◌̋◌̆◌̃◌̊◌̇◌̜́≤≥⌀′″§◌̧◌̦◌̨◌̣ ̛|«»©‹›–—ʻ ‑
al(veqilharxhi)	Albanian (Veqilharxhi)
`1234567890-=𐖰𐖟𐖞𐖱𐖵𐖻𐖷𐖥𐖮𐖯[]𐖗𐖳𐖜𐖠𐖡𐖣𐖧𐖨𐖩;'\<𐖼𐖹𐖚𐖸𐖘𐖬𐖫,./
~!@#$%^&*()_+𐖉𐕸𐕷𐖊𐖎𐖔𐖐𐕾𐖇𐖈{}𐕰𐖌𐕵𐕹𐕺𐕼𐖀𐖁𐖂:"|>𐖕𐖒𐕳𐖑𐕱𐖅𐖄<>?
              w  𐖶        𐖴𐖝     𐖪   |  𐖛  𐖭
am	Armenian
՝ֆձ֊,։՞․՛)օէղճփբսմուկըթծցջվգեանիտհպր»?ժդչյզլքխշռ
՜ՖՁ—$…%և՚(ՕԷՂՃՓԲՍՄՈՒԿԸԹԾՑՋՎԳԵԱՆԻՏՀՊՐ«֊ԺԴՉՅԶԼՔԽՇՌ
                                     |
am(phonetic)	Armenian (phonetic)
՝էթփձջւևռչճ֊ժքոերտըւիօպխծասդֆգհյկլ;՛շ?զղցվբնմ,․/
՜ԷԹՓՁՋՒ֏ՌՉՃ―ԺՔՈԵՐՏԸՒԻՕՊԽԾԱՍԴՖԳՀՅԿԼ։"Շ֊ԶՂՑՎԲՆՄ«»՞
                                     |
am(phonetic-alt)	Armenian (alt. phonetic)
՝էթփձջւևրչճ֊ժքոեռտըւիօպխծասդֆգհյկլ;՛շ?զղցվբնմ,․/
՜ԷԹՓՁՋՒ֏ՐՉՃ―ԺՔՈԵՌՏԸՒԻՕՊԽԾԱՍԴՖԳՀՅԿԼ։"Շ֊ԶՂՑՎԲՆՄ«»՞
                                     |
am(eastern)	Armenian (eastern)
՝։ձյ՛,-.«»օռժխւէրտեըիոպչջասդֆգհճկլթփ'<զցքվբնմշղծ
՜1ՁՅ349և()ՕՌԺԽՒԷՐՏԵԸԻՈՊՉՋԱՍԴՖԳՀՃԿԼԹՓ՞>ԶՑՔՎԲՆՄՇՂԾ
                                     |
am(western)	Armenian (western)
՝։ձյ՛,-.«»օռժխվէրդեըիոբչջաստֆկհճքլթփ'<զցգւպնմշղծ
՜1ՁՅ349և()ՕՌԺԽՎԷՐԴԵԸԻՈԲՉՋԱՍՏՖԿՀՃՔԼԹՓ՞>ԶՑԳՒՊՆՄՇՂԾ
                                     |
am(eastern-alt)	Armenian (alt. eastern)
՝։ձյ՛,-.«»օռժխւէրտեըիոպչջասդֆքհճկլթփ'<զցգվբնմշղծ
՜1ՁՅ349և()ՕՌԺԽՒԷՐՏԵԸԻՈՊՉՋԱՍԴՖՔՀՃԿԼԹՓ՞>ԶՑԳՎԲՆՄՇՂԾ
                                     |
at(nodeadkeys)	German (Austria, no dead keys)
^1234567890ß´qwertzuiopü+asdfghjklöä#<yxcvbnm,.-
°!"§$%&/()=?`QWERTZUIOPÜ*ASDFGHJKLÖÄ'>YXCVBNM;:_
¬¹²³¼½¬{[]}\¸@ſ€¶ŧ←↓→øþ¨~æſðđŋħ◌̣ĸł˝^’|»«¢„“”µ·…–
az	Azerbaijani
`1234567890-=qüertyuiopöğasdfghjklıə\<zxcvbnmçş.
~!"Ⅶ;%:?*()_+QÜERTYUİOPÖĞASDFGHJKLIƏ/>ZXCVBNMÇŞ,
                                     |
az(cyrillic)	Azerbaijani (Cyrillic)
  234 67890- јүукенгшһзхҹфывапролджҝ\<әчсмитғбө.
  "#; :?*()_ ЈҮУКЕНГШҺЗХҸФЫВАПРОЛДЖҜ|>ӘЧСМИТҒБӨ,
        {[]}                         |
by(legacy)	Belarusian (legacy)
ё1234567890-=йцукенгшўзх'фывапролджэ\/ячсмітьбю/
Ё!"#*:,.;()_+ЙЦУКЕНГШЎЗХ'ФЫВАПРОЛДЖЭ||ЯЧСМІТЬБЮ?
        ₽                            |
by(intl)	Belarusian (intl.)
ё1234567890-=йцукенгшўзх’фывапролджэ\/ячсмітьбю.
Ё!"№;%:?*()_+ЙЦУКЕНГШЎЗХ'ФЫВАПРОЛДЖЭ||ЯЧСМІТЬБЮ,
        ₽            щ їъ          єґ|    и
be(nodeadkeys)	Belgian (no dead keys)
²&é"'(§è!çà)-azertyuiop^$qsdfghjklmùµ<wxcvbn,;:=
³1234567890°_AZERTYUIOP¨*QSDFGHJKLM%£>WXCVBN?./+
¬|@#¼½^{[{}\¸@ſ€¶ŧ←↓→œþ[]æßðđŋħ◌̉ĸł´'`\«»¢„“”¸•·~
bd	Bangla
`১২৩৪৫৬৭৮৯০-=ঙযডপটচজহগড়[]ৃুিব্াকতদ;'\<ঁোেরনসম,./
~!@#$%^&*()_+ংয়ঢফঠছঝঞঘঢ়{}ৗূীভ।অখথধ:"|>ঃৌৈলণষশ<>?
 ৴৵৶৳৷৸ं  ৹  ৢ ৄ    ঽ    ঋউইৰ॥আ ৎঌ   |৺ওএ     ়
bd(probhat)	Bangla (Probhat)
 ১২৩৪৫৬৭৮৯০-=দূীরটএুিওপেোাসডতগহজকল;' <য়শচআবনম,।্
~!@#৳%^ঞৎ()_+ধঊঈড়ঠঐউইঔফৈৌঅষঢথঘঃঝখং:"॥>যঢ়ছঋভণঙৃঁ?
 ৴৵৶₹  ৺  ৸             ৗঌৡৄ  ঽ      |        ়
in(ben)	Bangla (India)
 ১২৩৪৫৬৭৮৯০-ঋৌৈাীূবহগদজড়োে্িুপরকতচট\<zংমনবলস,.য়
         ()ঃৃঔঐআঈঊভঙঘধঝঢঞওএঅইউফঢ়খথছঠ|>Zঁণনবলশষ।য
    ₹                                |
in(ben_baishakhi)	Bangla (India, Baishakhi)
 ১২৩৪৫৬৭৮৯০-=ডীেরটযুিোপ[]াসদতগ্জকল;'\<ৈড়চৱবনম,./
 !@#$%^&*()_+ঢূএৃঠয়উইওফ{}অশধথঘহঝখ।:"|>ৌঢ়ছৰভণঙ<>?
    ৲ ৗ ৺      ঐঋ  ঊঈঔ   আষ ৎ ঃ  ঌ   |     ঞঁ ়ং
in(ben_bornona)	Bangla (India, Bornona)
 ১২৩৪৫৬৭৮৯০-=ংঢেরতধুিোপ[]াসদফগ্জকল;'ৱ<যষচভবনম,./
 !ঁ#৳%ঃৎ*()_+ঙঠৈৃটথূীৌঐ{}অশড ঘহঝখ।:"ৰ>ড়ঢ়ছ য়ণঞ<>?
             ৗঊঈঋ এউইওঔড় ৴৵৸         | ৺
in(ben_gitanjali)	Bangla (India, Gitanjali)
:১২৩৪৫৬৭৮৯০-ৃৗৈাীূবহগদজড  ে্িুপরকতচট\<েংমনৱলস,।য
?ৎ'#৳/.&*()ঃঋঔঐঅঈঊভঙঘধঝঢঞওএ ইউফৰখথছঠ|>এঁণড়ঢ় শষ৺য়
                                     |
in(ben_inscript)	Bangla (India, Baishakhi InScript)
 ১২৩৪৫৬৭৮৯০-ৃৌৈাীূবহগদজড়োে্িুপরকতচট\<ৎংমনবলস,.য়
         ()ঃঋঔঐআঈঊভঙঘধঝঢঞওএঅইউফঢ়খথছঠ|> ঁণনবলশষ।য
                                     |
in(eeyek)	Manipuri (Eeyek)
`꯱꯲꯳꯴꯵꯶꯷꯸꯹꯰-=ꯈꯋꯏꯔꯇꯌꯎꯤꯣꯄ[]ꯑꯁꯗꯐꯒꯍꯖꯀꯂ;'\<ꯉꯊꯆꯚꯕꯅꯃ,./
~!@#$%^&*()_+ꯘꯋꯢꯔꯠꯦꯨꯩꯧꯞ{}ꯥꯓꯙꯚꯘꯪꯓꯛꯜ:"|>ꯡꯙ꯫꯭꯬ꯟꯝ<>?
                                     |
in(guj)	Gujarati
 ૧૨૩૪૫૬૭૮૯૦-ઋૌૈાીૂબહગદજડ઼ોે્િુપરકતચટૉ<zંમનવલસ,.ય
 ઍૅ      ()ઃૃઔઐઆઈઊભઙઘધઝઢઞઓએઅઇઉફરખથછઠઑ>Zઁણનવળશષ।?
    ₹                                |
in(guru)	Punjabi (Gurmukhi)
 ੧੨੩੪੫੬੭੮੯੦ਃ=ੌੈਾੀੂਬਹਗਦਜਡ਼ੋੇ੍ਿੁਪਰਕਤਚਟ\<zਂਮਨਵਲਸ,.ਯ
   ੱੴ☬   () +ਔਐਆਈਊਭਙਘਧਝਢਞਓਏਅਇਉਫੜਖਥਛਠ|>ਁੰਣਨਵਲ਼ਸ਼<।?
    ₹                                | ੱ
in(jhelum)	Punjabi (Gurmukhi Jhelum)
`1234567890-=ੌੈਾੀੂਰਦਗਤਪਡਙੋੇ੍ਿੁਹਜਕਲਸ'।<ੱਂਚਵਬਨਮ,./
~!@#$%ੳੲ*()_+ਔਐਆਈਊੜਧਘਟਫ਼ਢਞਓਏਅਇਉਠਝਖਥ:"॥>਼ੰਛਯਭਣਮ☬ੴ?
ਂ੧੨੩੪੫੬੭੮੯੦     ₹   ਗ਼  []      ਜ਼ ਲ਼ਸ਼ ||
in(kan)	Kannada
ೊ೧೨೩೪೫೬೭೮೯೦ಃೃೌೈಾೀೂಬಹಗದಜಡ಼ೋೇ್ಿುಪರಕತಚಟ\<ೆಂಮನವಲಸ,.ಯ
ಒ           ಋಔಐಆಈಊಭಙಘಧಝಢಞಓಏಅಇಉಫಱಖಥಛಠ|>ಎ ಣ  ಳಶಷ @
    ₹                                |
in(kan-kagapa)	Kannada (KaGaPa, phonetic)
`1234567890-=ಟಡೆರತಯುಿೊಪ[]ಾಸದ್ಗಹಜಕಲ;'\<ಞಷಚವಬನಮ,./
~!@#$%^&*()_+ಠಢೇೃಥೈೂೀೋಫ{}ಆಶಧೄಘಃಝಖಳ:"|>ಙ಼ಛೌಭಣಂ<>?
“೧೨೩೪೫೬೭೮೯೦॒   ಎಋ ಐಉಇಒ   ಅ  ೠ ೱ  ೢ ॑।| ೞ ಔ  ಽಱೞ
in(mal)	Malayalam
ൊ൧൨൩൪൫൬൭൮൯൦-ൃൌൈാീൂബഹഗദജഡ ോേ്ിുപരകതചട <െംമനവലസ,.യ
ഒ!@#$%^&*()ഃഋഔഐആഈഊഭങഘധഝഢഞഓഏഅഇഉഫറഖഥഛഠ\>എ ണ ഴളശഷ ?
    ₹                                |
in(mal_lalitha)	Malayalam (Lalitha)
്1234567890-=ൈവെരതയുിൊപ[]ാസദഫഗഹജകല;'\<ഴ്ചവബനമ,./
ം!@#$%^&*()_+ൌ േറഥ ൂീോ {}അഷധ ഘഃഝഖള:"|>ശ ഛ ഭണം<>?
`൧൨൩൪൫൬൭൮൯൦  ഐ എൃട ഉഇഒ   ആ ഡ         |     ങ
in(mal_enhanced)	Malayalam (enhanced InScript, with rupee)
ൊ൧൨൩൪൫൬൭൮൯൦-ൃൗൈാീൂബഹഗദജഡ ോേ്ിുപരകതചടർ<െംമനവലസ,.യ
ഒ!@#$%^&ൾ()ഃഋഔഐആഈഊഭങഘധഝഢഞഓഏഅഇഉഫറഖഥഛഠ\>എൺണൻഴളശഷൽ?
    ₹                                |
in(ori)	Oriya
 ୧୨୩୪୫୬୭୮୯୦ଃୃୌୈାୀୂବହଗଦଜଡ଼ୋେ୍ିୁପରକତଚଟ\< ଂମନଵଲସ,.ଯ
            ଋଔଐଆଈଊଭଙଘଧଝଢଞଓଏଅଇଉଫ ଖଥଛଠ|> ଁଣ  ଳଶଷ @
    ₹                                |
in(ori-bolnagri)	Oriya (Bolnagri)
ଂ୧୨୩୪୫୬୭୮୯୦-= ୱେରତଯୁିୋପ[]ାସଦଟଗହଜକଲ;'।<ଶ୍ଚଡବନମ,./
ଁ!@#$%^&*()_+ ଵୈୃଥୟୂୀୌଫ{}ଆଷଧଠଘଃଝଖଳ:"॥>  ଛଢଭଣଙ୰଼?
`1234567890    ଏଋ ଞଉଇଓ   ଅ       ୢ  ||      ଽୄ୕
in(ori-wx)	Oriya (Wx)
`୧୨୩୪୫୬୭୮୯୦-=ୃତେରଟଯୁିୋପ[]୍ସଡଙଗହଜକଲ;'।<ଁଦଚୱବନମ,./
~!@#$%^&*()_+ୄଥୈଷଠୟୂୀୌଫ{}ାଶଢଞଘଃଝଖୢ:"॥>଼ଧଛଵଭଣଂ<>?
 1234567890  ଋ ଏ   ଉଇଓ   ଅ       ଳ  \|ଽ
in(olck)	Ol Chiki
`᱑᱒᱓᱔᱕᱖᱗᱘᱙᱐-=ᱧᱣᱮᱨᱴᱭᱩᱤᱚᱯ[]ᱟᱥᱰᱝᱜᱦᱡᱠᱞ;'᱿<ᱲᱽᱪᱶᱵᱱᱢ,ᱹ/
ᱻ!@#$%^&*()ᱼ+    ᱛ   ᱳ {}  ᱫ  ᱷ   ᱺ"᱾>     ᱸᱬ<>?
    ₹                                |
in(tam_tamilnet)	Tamil (TamilNet '99)
'1234567890-=ஞறநசவலரைொிு யளனகபாதமட்ங\<ணஒஉஎெஔஅஇ
~!@#௹%^&*()_+ஶஷஸஹஜ  ஐோீூ      ழ   ஃ |> ஓஊஏேௌஆஈ
                                     |
in(tam_tamilnet_with_tam_nums)	Tamil (TamilNet '99 with Tamil numerals)
'௧௨௩௪௫௬௭௮௯௦-=ஞறநசவலரைொிு யளனகபாதமட்ங\<ணஒஉஎெஔஅஇ
~!@#௹%^&*()_+ஶஷஸஹஜ  ஐோீூ      ழ   ஃ |> ஓஊஏேௌஆஈ
                                     |
in(tam_tamilnet_TAB)	Tamil (TamilNet '99, TAB encoding)
 çúûüýþÿ     ëøïêõôó¬®¤◌̂ ò÷ùèð¢îñìöé\<íåàâª¬ÜÞ
 §¨          ³Á¸²¾½¼ä¯¦¦ »ÀÂ°¹£¶º´¿±|>µæáã«£Ýß
                                     |
in(tam)	Tamil (InScript)
ொ௧௨௩௪௫௬௭௮௯௰௱௲ௌைாீூ ஹ  ஜ ஞோே்ிுபரகதசட\<ெஂமநவலஸ,.ய
ஒ        ()ஃ+ஔஐஆஈஊ ங     ஓஏஅஇஉ ற    |>எ ணனழளஶஷ।?
    ₹                                |
in(tel)	Telugu
ొ౧౨౩౪౫౬౭౮౯౦ఃృౌైాీూబహగదజడఞోే్ిుపరకతచట\<ెంమనవలస,.య
ఒ  #$%^&*()_ఋఔఐఆఈఊభఙఘధఝఢ ఓఏఅఇఉఫఱఖథఛఠ|>ఎఁణ  ళశష @
    ₹                                |
in(tel-kagapa)	Telugu (KaGaPa, phonetic)
`1234567890-=టడెరతయుిొప[]ాసద్గహజకల;'\<ఞషచవబనమ,./
~!@#$%^&*()_+ఠఢేృథైూీోఫ{}ఆశధౄఘఃఝఖళ:"|>ఙ ఛౌభణం<>?
“౧౨౩౪౫౬౭౮౯౦॒   ఎఋ ఐఉఇఒ   అ  ౠ    ౢ ॑।|   ఔ  ఽౘౙ
in(tel-sarala)	Telugu (Sarala)
ృ1234567890-=ెసేరతీుిోపజైయంద్గచాకలట'ౌ<ొూడవబనమ,.శ
ఋ!@#$%^&*()_+ఎషఏఱథఈఉఇఓఫఝఐఽఃధఅఘఛఆఖళఠ"ఔ>ఒఊఢహభణఁఞఙ?
`౧౨౩౪౫౬౭౮౯౦  ౄౄౄౄ      []     ౘ ౢఌ; ।|       <>/
in(urd-phonetic)	Urdu (phonetic)
ً1234567890-=قوعرتےءیہپ][اسدفگحجکل؛'\|زشچطبنم،۔/
~!@#$%^&*)(_+ْؤٰڑٹَئِۃُ}{آصڈّغھضخٔ:"|¦ذژثظ.ں٘<>؟
                                     |
in(urd-phonetic3)	Urdu (alt. phonetic)
~۱۲۳۴۵۶۷۸۹۰-=قوعرتےءیہپ][اسدفگحجکل؛'\|زشچطبنم،۔/
ً1234567890_+ّْٰڑٹَئِۃُ}{آصڈّغھضخٔ:"|¦ذژثظ.ں٘<٫؟
 !@# ٪ &*)(    ٖؓؔ ٔؑ ٗ  ﷲؐﷺ  ؒﷻ     |؏؎  ﷽  <>
in(urd-winkeys)	Urdu (Windows)
`1234567890-=طصھدٹپتبجح][مورنلہاکی؛'\|قفےسشغع،۔/
~!@#$٪^ۖ٭)(_+ظضذڈثّۃـچخ}{ژزڑںۂءآگي:"|¦  ۓ ؤئ ><؟
                                     |
in(bolnagri)	Hindi (Bolnagri)
ं1234567890-= वेरतयुिोप[]ासदटगहजकल;'।<श्चडबनम,./
ँ!@#$%^&*()_+ ॐैृथञूीौफ{}आषधठघःझखळ:"॥>ॅॉछढभणङ॰़?
`१२३४५६७८९०    एऱ  उइओ   अ       ॢ  ||श्    म
in(hin-wx)	Hindi (Wx)
`१२३४५६७८९०-=ृतेरटयुिोप[]्सडङगहजकल;'\<ँदचवबनम,./
~!@#$%^&*()_+ॄथैषठ ूीौफ{}ाशढञघःझखॢ:"|>़धछ भणं<>?
2   ₹        ऋ ए   उइओ   अ       ळ  ।|ऽ
in(hin-kagapa)	Hindi (KaGaPa, phonetic)
`1234567890-=टडॆरतयुिॊप[]ासद्गहजकल;'\<ञषचवबनम,./
~!@#$%^&*()_+ठढेृथैूीोफ{}आशधॄघःझखळ:"|>ङ़छौभणं<>?
“१२३४५६७८९०॒  ड़ऎऋ ऐउइऒफ़  अ  ॠग़ᳵज़क़ॢᳲ॑।| ऴ औ ऩऽॅॉ
in(iipa)	Indic IPA
`1234567890-=ʰæaiubhgdʤɖ[oeəiupɾktʧʈ\<̪̆mnwls,.j
~!@#₹%^&*()_+ʱqʋɪɯYŋɣðʣɽ]ɔɛ͡ɪɯfrxθʦ"|>̃Xɳvzɭʃʂː/
                                     |
in(marathi)	Marathi (enhanced InScript)
ॢ१२३४५६७८९०-ृौैाीूबहगदजड़ोे्िुपरकतचटॉ<'ंमनवलस,.य
ऌ!ॅऽ₹%^॰ॐ()ःऋऔऐआईऊभङघधझढञओएअइउफऱखथछठऑ>ॲँण"ꣻळशष।?
`1234567890-ॄ   ॣ   ग़ ज़ड़    ॢ   क़ ॒ \|॓ ॔    ॰॥/
ba(unicode)	Bosnian (with Bosnian digraphs)
`1234567890'+ǉǌertzuiopšđasdfghjklčćž<žǆcvbnm,.-
~!"#$%&/()=?*ǈǋERTZUIOPŠĐASDFGHJKLČĆŽ>ŽǅCVBNM;:_
¬◌̃◌̌◌̂◌̆◌̊◌̨◌̀◌̇◌́◌̋◌̈◌̧\|€¶ŧ←↓→øþ÷×æ„“[]ħ◌̉łł◌́ß¤|‘’¢@{}§<>—
ba(unicodeus)	Bosnian (US, with Bosnian digraphs)
`1234567890'+ǉǌertžuiopšđasdfghjklčćž<zǆcvbnm,.-
~!"#$%&/()=?*ǈǋERTŽUIOPŠĐASDFGHJKLČĆŽ>ZǅCVBNM;:_
¬◌̃◌̌◌̂◌̆◌̊◌̨◌̀◌̇◌́◌̋◌̈◌̧\|€¶ŧ←↓→øþ÷×æ„“[]ħ◌̉łł◌́ß¤|‘’¢@{}§<>—
ba(us)	Bosnian (US)
`1234567890'+qwertyuiopšđasdfghjklčćž<zxcvbnm,.-
~!"#$%&/()=?*QWERTYUIOPŠĐASDFGHJKLČĆŽ>ZXCVBNM;:_
¬◌̃◌̌◌̂◌̆◌̊◌̨◌̀◌̇◌́◌̋◌̈◌̧\|€¶ŧ←↓→øþ÷×æ„“[]ħ◌̉łł◌́ß¤|‘’¢@{}§<>—
br(nodeadkeys)	Portuguese (Brazil, no dead keys)
'1234567890-=qwertyuiop'[asdfghjklç~]\zxcvbnm,.;
"!@#$%¨&*()_+QWERTYUIOP`{ASDFGHJKLÇ^}|ZXCVBNM<>:
¬¹²³£¢¬{[]}\§/?°®ŧ←↓→øþ´ªæßðđŋħ◌̉ĸł´~º◌̌«»©„“”µ•·◌̣
br(dvorak)	Portuguese (Brazil, Dvorak)
'1234567890[]/,.pyfgcrl◌́=aoeuidhtns◌̃-ç;qjkxbmwvz
"!@#$%◌̈&*(){}?<>PYFGCRL◌̀+AOEUIDHTNS◌̂_Ç:QJKXBMWVZ
◌̌¹²³£¢¬◌̣◌̨◌̧◌̄ªº°̩•þ¥“”↑®ł´§æœ€øıð←→ŋß~―\̱əʒ«×»↓ŭ„‟
br(nativo)	Portuguese (Brazil, Nativo)
=1234567890[]/,.hxwltcp◌̃-ieaoumdsrn◌́';yçjbkqvgfz
+!@#$%◌̈&*(){}?<>HXWLTCP◌̂_IEAOUMDSRN◌̀":YÇJBKQVGFZ
§¹²³£¢¬◌̣◌̨◌̧◌̄ªº°̩•¶×ŭł™©þ~―ı€æœøµðß®ŋ´◌̱̌¥\ʒ«»ə„“”‟
br(nativo-us)	Portuguese (Brazil, Nativo for US keyboards)
=1234567890[]/,.hxwltcp◌̃-ieaoumdsrn◌́';y;jbkqvgfz
+!@#$%◌̈&*(){}?<>HXWLTCP◌̂_IEAOUMDSRN◌̀":Y:JBKQVGFZ
§¹²³£¢¬◌̣◌̨◌̧◌̄ªº°̩•¶×ŭł™©þ~―ı€æœøµðß®ŋ´◌̱̌ç\ʒ«»ə„“”‟
br(nativo-epo)	Esperanto (Brazil, Nativo)
=1234567890[]/,.hĉŭltcp◌̃-ieaoumdsrn◌́';ĵŝjbkĝvgfz
+!@#$%◌̈&*(){}?<>HĈŬLTCP◌̂_IEAOUMDSRN◌̀":ĴŜJBKĜVGFZ
§¹²³£¢¬◌̣◌̨◌̧◌̄ªº°̩•ĥxwł™©þ~―ı€æœøµðß®ŋ´◌̱̌yçʒ«»q„“”‟
bg(bas_phonetic)	Bulgarian (new phonetic)
ю1234567890-=чшертъуиопящасдфгхйкл;'ьѝзжцвбнм,./
Ю!@№$%€§*()–+ЧШЕРТЪУИОПЯЩАСДФГХЙКЛ:"ѝЍЗЖЦВБНМ„“?
    €    []‑—ѣ э®™ѫ ѝ  ѣ  ©    ѭ  …’ы| ы©    «»̀
bg(bekl)	Bulgarian (enhanced)
(1234567890-.,уеишщксдзц;ьяаожгтнвмч„ѝюйъѣфхпрлб
)!?+"%=:/–№$€ʼУЕИШЩКСДЗЦ§ѝЯАОЖГТНВМЧ“ЍЮЙЪѢФХПРЛБ
[ @† 〈—…̀  ‑   эѝ  ©     ы     ™    «| ѭѫ    ®
dz	Berber (Algeria, Latin)
²&é"'(-è_çà)=azertyuiop◌̂$qsdfghjklmù*<wxcvbn,;:!
³1234567890°+AZERTYUIOP◌̈£QSDFGHJKLM%µ>WXCVBN?./§
¹◌̌~#{[|`\^@]}æẓ€ṛṭÿûîɛô◌̃øäṣḍ‘ǧḥüïŀö◌́◌̀≤«»čɣ↓¬¿×÷¡
dz(qwerty-gb-deadkeys)	Kabyle (QWERTY, UK, with dead keys)
◌̀1234567890-=qwertyuiop[]asdfghjkl;◌́#\zxcvbnm,./
¬!◌̈£$%◌̂&*()_+QWERTYUIOP{}ASDFGHJKL:@◌̃|ZXCVBNM<>?
|¹²³€½¾{[]}\◌̧ɣʷe¶ŧ←↓→øþ◌̈◌̃ɛßðđŋħ◌̉ĸł◌́'||ⵣ»¢„“”µç◌̣◌̣
dz(ber)	Berber (Algeria, Tifinagh)
²&é"'(-è_çà)=ⴰⵣⴻⵔⵜⵢⵓⵉⵄⵃⵯ$ⵇⵙⴷⴼⴳⵀⵊⴽⵍⵎù*<ⵡⵅⵛⵖⴱⵏ,;:!
³1234567890°+ ⵥⵦⵕⵟ   ⵧ  £ⵈⵚⴹ ⴵⵁⵋⴿ  %µ> ⵆⵞⵗⴲⵐ?./§
¹◌̌~#{[|`\^@]} ⵤ  ⵝ      ø  ⴸ ⴴⵂⵌⴾ  ◌́◌̀≤   ⵘⵒⵑ¿×÷¡
ma(tifinagh-alt)	Berber (Morocco, Tifinagh alt.)
²&~"'(-`_^@)=ⴰⵣⴻⵔⵜⵢⵓⵉⵄⵃ◌̂$ⵇⵙⴷⴼⴳⵀⵊⴽⵍⵎ%*<ⵡⵅⵛⵖⴱⵏ,;:!
~1234567890°+ ⵥ ⵕⵟ    ⵒ £ⵈⵚⴹ ⴶⵂⵌⴾ   µ>ⵯⵆⵞⵗⴱⵐ?./§
  ~#{[|`\^@]} ⵤ  ⵝ         ⴸ ⴴⵁⵋⴿ    |ⵠ  ⵘⴲⵑ
ma(tifinagh-alt-phonetic)	Berber (Morocco, Tifinagh phonetic, alt.)
²&~"'(-`_^@)=ⵇⵡⴻⵔⵜⵢⵓⵉⵄⵃ◌̂$ⴰⵙⴷⴼⴳⵀⵊⴽⵍⵎ%*<ⵣⵅⵛⵖⴱⵏⵎ;:!
~1234567890°+ⵈⵯ ⵕⵟ    ⵒ £ⵈⵚⴹ ⴶⵂⵌⴾ   µ>ⵥⵆⵞⵗⴱⵐ?./§
  ~#{[|`\^@]} ⵠ  ⵝ         ⴸ ⴴⵁⵋⴿ    |ⵤ  ⵘⴲⵑ
ma(tifinagh-extended)	Berber (Morocco, Tifinagh extended)
²&ⵒ"'(-ⵤ_— )=ⴰⵣⴻⵔⵜⵢⵓⵉⵄⵃⵯ$ⵇⵙⴷⴼⴳⵀⵊⴽⵍⵎⵑ*<ⵡⵅⵛⵖⴱⵏ,;:!
 1234567890°+ⴶⵥⵗⵕⵟⵂⵌⵘⵝⵞⵠ£ⵈⵚⴹⴵⴳⵁⵋⴽⴸⴺ%µ>ⴾⵆⴿⴴⴲⵐ?./§
  ~#{[| \^@]}  €        ¤            |
ma(tifinagh-extended-phonetic)	Berber (Morocco, Tifinagh extended phonetic)
²&ⵒ"'(-ⵤ_— )=ⵇⵡⴻⵔⵜⵢⵓⵉⵄⵃⵯ$ⴰⵙⴷⴼⴳⵀⵊⴽⵍⵎⵑ*<ⵣⵅⵛⵖⴱⵏⵎ;:!
 1234567890°+ⴶⵥⵗⵕⵟⵂⵌⵘⵝⵞⵠ£ⵈⵚⴹⴵⴳⵁⵋⴽⴸⴺ%µ>ⵥⵆⴿⴴⴲⵐ?./§
  ~#{[| \^@]}  €        ¤            |
cm(qwerty)	Cameroon Multilingual (QWERTY, intl.)
̍1234567890-=qwertyuioṕ̧asdfghjkl ̀\<zxcvbnm,./
̃!@#$%^&*()_+QWERTYUIOP̌̈ASDFGHJKL:̂|>ZXCVBNM<>?
`¼½¾     ‘’̄ —ẅə œƴʉɨɔø[]ɛ ɗæʼɑ̰᷅᷆;' |… ̧ꞌɓŋ ‹›÷
cm(azerty)	Cameroon (AZERTY, intl.)
$&é"'(-è_çà)=azertyuioṕ̰qsdfghjklm̀᷆<wxcvbn,;:
€1234567890°+AZERTYUIOP̌̃QSDFGHJKLM̂᷇>WXCVBN?./§
²¹~%{[|̀\^@]}ɛ…ə œƴʉɨɔø◌̂̄—“ɗæʼɑ←↓→ù᷅*«ẅ‹̧ꞌɓŋ ◌̣́!
cm(dvorak)	Cameroon (Dvorak, intl.)
̍1234567890̧́̀,.pyfgcrl/=aoeuidhtns-\< qjkxbmwvz
̃!@#$%^&*()̌◌̈̂<>PYFGCRL?+AOEUIDHTNS_|>:QJKXBMWVZ
`¼½¾  ◌̂  ‘’[]'‹›øƴæʼ̧ ᷆÷ ɛɔəʉɨɗɑœŋ ̄ |;—̰᷅ ɓ ẅꞌ…
cm(mmuock)	Mmuock
◌̀1234567890◌̄=qweštyuiopøσasdfg̣jklœ◌́æ<zxcvbnm,.
◌̃!@#$%^&*()_+QWEŠTYUIOPØΣASDFĠJKLŒ"Æ>ZXCVBNM<>?
`     ̂̑̍̇̊-̋  ǝr  ωɛφπ[]̃̄́̀̌h̆̏̈;'\|ǳ    ŋ «»/
mm	Burmese
`၁၂၃၄၅၆၇၈၉၀-=ဆတနမအပကငသစဟဩေျိ်ါ့ြုူး'၏<ဖထခလဘညာ,./
ဎဍၒဋ$%^ရ*()_+ဈဝဣ၎ဤ၌ဥ၍ဿဏဧဪဗှီ္ွံဲဒဓဂ"\>ဇဌဃဠယဉဦ၊။?
`1234567890-=qwertyuiop[]asdfghjkl; \|zxcvbnm,.
mm(zawgyi)	Burmese Zawgyi
 ၁၂၃၄၅၆၇၈၉၀-=ဆတနမအပကငသစဟ၏ေ်ိ္ါ့ျုူးဒ၏<ဖထခလဘညာယ.။
~ဍ႑ဋ$%^ရဂ()_+ွၽႏၽႊ႔႕ႈဥဏဧ႒ဗွီၤြံဲဳဴၚဓ႒>ဇဌဃဠႀၿၾဝဈ၊
`ဎၭၬ၎ဩ ႐ၢဦ ႗ၮၦၱၷၼဤၸၠ၍ႆၥ  ဈ ႎ   ႃႉႍ ၵ |ၹၳၡႅ႓ၫႁ
mm(shn)	Shan
`1234 67890-=ၸတၼမဢပၵငဝႁ[]ေႄိ်ွႉႇုူႈ'\<ၽထၶလယၺၢ,./
~!@#$ ^&*()_+ꩡၻꧣ႞ြၿၷရသႀ{}ဵႅီႂႂ့ႆဒႊး"|>ၾꩪꧠꩮျ႟ႃ၊။?
`1234 67890-=qwertyuiop[]asdfghjkl; \|zxcvbnm,.
mm(mnw)	Mon
ၝ၁၂၃၄၅၆၇၈၉၀-=ဆတနမအပကၚသစဟဩေျိ်ါဴြုူး'ၑ<ဖထခလဘညာယၜ။
ဎဍၒဋၓ%ဵရဂ()x+ၛဝဣၟဳၠဥ၎ဿဏဨ/ဗှီ္ွံဲဒဓ:"|>ဇဌဃဠၐဉၔၞၕ၊
`1234567890-=qwertyuiop[]asdfghjkl; \|zxcvbnm,.
mm(mnw-a1)	Mon (A1)
`၁၂၃၄၅၆၇၈၉၀-=သဝေရတယုိဲပဍဎအစဒဖဂဟ်ကလဥ'ၜ<ဇဋၚညဗနမံာ၊
~!@ၓဩ%ၐၑ*()_+ဿွဵြထျူဳဴဏဨၔဣဆဓ္ဃှီခၠဠ"ၝ>ၛဌ၎ဉဘၞၟးါ။
                                     |
ca(fr-dvorak)	French (Canada, Dvorak)
#1234567890◌̂◌̧◌̀,.pyfgcrlé=aoeuidhtns-<«;qjkxbmwvz
|!"/$%?&*()◌̂◌̈◌̀'.PYFGCRLÉ+AOEUIDHTNS_>»:QJKXBMWVZ
\±@£¢¤¬¦²³¼[]{¯ ¶      ◌́¾ §        ½}°~     µ
ca(fr-legacy)	French (Canada, legacy)
°1234567890-=qwertyuiop◌̂çasdfghjkl;èàùzxcvbnm,.é
°!"#$%?&*()_+QWERTYUIOP◌̂ÇASDFGHJKL:ÈÀÙZXCVBNM'.É
¬¹@³¼½¾{[]}|◌̧   ¶ ¥  øþ°◌̃æßðª     ◌́{◌̀\«»¢   µ<>/
ca(multi-2gr)	Canadian (intl., 2nd part)
 ¹²³¼½¾     ◌̧ łœ¶ŧ←↓→øþ ◌̃æßð ŋħĳĸŀ◌́ \<  ¢“”ŉµ―·
 ¡ £¤⅜⅝⅞™± ¿◌̨ΩŁŒ®Ŧ¥↑ıØÞ◌̊◌̄Æ§ÐªŊĦĲ Ŀ◌̋◌̌◌̆¦  ©‘’♪º×÷◌̇
                                     |
ca(ike)	Inuktitut
ᕻᖕᑉᕐᒃᑦᖅᒻᓐᓪᔾ-ᕝᖏᐃᕿᑭᑎᓯᒥᓂᓕᔨᒡ◌̇ᖑᐅᖁᑯᑐᓱᒧᓄᓗ;'\ᕹᖓᐊᖃᑲᑕᓴᒪ,.ᔭ
ᕵ1234567890_=ᒋᐱᕆᖖᙱᙳᙵᖤᖠᖦᔅᐞᒍᐳᕈᕕ()ᔪᕗᖢ:"|ᕷᒐᐸᕋ?ᕼᓇᓚ<>ᕙ
                                     |
cd	French (Democratic Republic of the Congo)
`&́̀({})̂̌̈-=azertyuiopɛ*qsdfghjklmɔ"\wxcvbn,;:!
~1234567890_+AZERTYUIOPƐ^QSDFGHJKLMƆ\|WXCVBN?./'
̃#@«[<>]»̍@%×æ œ   ʉɨø ^$           ||     ŋ̧  ’
cn(mon_trad)	Mongolian (Bichig)
᠍1234567890 =ᠣᠸᠡᠷᠲᠶᠦᠢᠥᠫ[]ᠠᠰᠳᠹᠭᠬᠵᠺᠯ;᠋᠁<ᠽᠱᠴᠤᠪᠨᠮ᠂᠃·
~!⁈⁉4% ᠊ () +ᡂᠸᠧᠿᠲᠶᠦᠢᠥᠫ〈〉ᠠᠰᠳᠹᠭᠾᠵᠻᡀ᠄᠌—>ᡁᠱᠼᠤᠪᠩᠮ《》?
                                     |
cn(mon_trad_todo)	Mongolian (Todo)
᠍1234567890 =ᡆᡖᡄᠷᡐᡕᡉᡅᡈᡌ[]ᠠᠰᡑᠸᡎᡍᡓᡗᠯ;᠋᠁<ᠴᠱᡔᡇᡋᠨᡏ,。、
~!⁈⁉ᡃ% ᠊ ()—+᠆ᡖᡄᠷᡐᡕᡉᡅᡈᡌ「」ᠠᠰᡑᠸᡘᡙᡚᡗᡀ᠄᠌·>ᡜᠱᡒᡇᡋᡊᡏ『』?
                                     |
cn(mon_trad_xibe)	Mongolian (Xibe)
᠍1234567890 =ᠴᠸᡝᠷᡨᠶᡠᡞᠣᡦ[]ᠠᠰᡩᡫᡤᡥᡪᡣᠯ;᠋᠁<ᡯᡧᡮᡡᠪᠨᠮ,。、
~!‘’᠇% ᠊ () +ᠴᠸᡝᡰᡨᠶᡠᡟᠣᡦ“”ᠠᠰᡩᡫᡬᡭᡪᠺᠯ᠄᠌—>ᡲᡧᡱᡡᠪᡢᠮ『』?
                                     |
cn(mon_trad_manchu)	Mongolian (Manchu)
᠍1234567890 =ᠴᠸᡝᡵᡨᠶᡠᡳᠣᡦ[]ᠠᠰᡩᡶᡤᡥᠵᡴᠯ;᠋᠁<ᡯᡧᡮᡡᠪᠨᠮ᠈᠉?
~!234% ᠊ () +ᠴᠸᡝᡰᡨᠶᡠᡟᠣᡦ[]ᠠᠰᡩᡶᡬᡭᠵᠺᠯ᠄᠌—>ᡲᡧᡱᡡᠪᡢᠮ᠈᠉?
                                     |
cn(mon_trad_galik)	Mongolian (Galik)
᠍᠑᠒᠓᠔᠕᠖᠗᠘᠙᠐  ᢀᢁᢂᢃᢄᢅᢆᢇᢈᢉᢊᢕᢋᢌᢍᢎᢏᢐᢑᢒᢓᢔ᠋ <ᢖᢗᢦᢧᢩ᠅᠀᠂᠃
᠍᠑᠒᠓᠔᠕ ᠗ ᤙᤐ  ᠧᠣᠡᢃᢄᢅᠦᠢᢈᢉᢊᢕᠠᢌᢍᢎᢏᢐᡓᡘᢓᢔ᠌ >ᡜᢗᢦᠤᢩ᠅ᡛ᠂᠃
                                     |
cn(mon_todo_galik)	Mongolian (Todo Galik)
᠍᠑᠒᠓᠔᠕᠖᠗᠘᠙᠐  ᢀᢁᢂᢃᢄᢅᢆᢉᢊᢇ  ᢋᢌᢍᢎᢏᢔᢖᢗᢘᢒ᠋ <ᢙᢧᢓᡇᢩ᠅᠀᠂᠃
᠍᠑᠒᠓ᡃ᠕ ᠗ ᤙᤐ  ᢀᡆᡄᢃᢄᢅᡉᡅᢊᢇ  ᠠᢌᢍᢎᢏᢔᢖᢗᢘᢒ᠌ >ᢙᢦᢓᡇᢩ᠅ᡛ᠂᠃
                                     |
cn(tib)	Tibetan
ཨ༡༢༣༤༥༦༧༨༩༠ཧཝཅཆེརཏཡིོུཕཙཚའསདབངམ་གལཞ།ཛ<ཟཤཀཁཔན ཐཇཉ
༁༪༫༬༭༮༯༰༱༲༳༼༽༕༖༗ྼཊྻ༘༙༚༛༜༝ཱ༟ཌ༾༿࿏༂༃༆༇༸༞>༴ཥཀྵ྇྆ཎ ཋ༺༻
ྸ༄༅ཾ༷༵ྃཿ༔༑༈ྷྺྕྖཻྲྟྱྭྀཽྥྩྪྰྶྡྦྔྨ྄ྒླྮ༎ྫ|ྯྴྐྑྤྣ྅ྠྗྙ
cn(tib_asciinum)	Tibetan (with ASCII numerals)
ཨ1234567890ཧཝཅཆེརཏཡིོུཕཙཚའསདབངམ་གལཞ།ཛ<ཟཤཀཁཔན ཐཇཉ
༁༡༢༣༤༥༦༧༨༩༠༼༽༕༖༗ྼཊྻ༘༙༚༛༜༝ཱ༟ཌ༾༿࿏༂༃༆༇༸༞>༴ཥཀྵ྇྆ཎ ཋ༺༻
ྸ༄༅ཾ༷༵ྃཿ༔༑༈ྷྺྕྖཻྲྟྱྭྀཽྥྩྪྰྶྡྦྔྨ྄ྒླྮ༎ྫ|ྯྴྐྑྤྣ྅ྠྗྙ
cn(ug)	Uyghur
`1234567890-=چۋېرتيۇڭوپ][ھسداەىقكل؛'\<زشغۈبنم،.ئ
~!@#$%^&*)(—+          »«  ژفگخجۆ :"|>       ›‹؟
                                     |
cz(bksl)	Czech (with <\|> key)
;+ěščřžýáíé=◌́qwertzuiopú)asdfghjklů§\\yxcvbnm,.-
◌̊1234567890%◌̌QWERTZUIOP/(ASDFGHJKL"!||YXCVBNM?:_
`!@#$%^&*{}\◌̄\|€¶ŧ←↓→øþ[]~đĐ[]`'łŁ$'//°#&@{}^<>*
cz(qwerty_bksl)	Czech (QWERTY, extended backslash)
;+ěščřžýáíé=◌́qwertyuiopú)asdfghjklů§\\zxcvbnm,.-
◌̊1234567890%◌̌QWERTYUIOP/(ASDFGHJKL"!||ZXCVBNM?:_
`!@#$%^&*()\◌̄\|€¶ŧ←↓→øþ[]~đĐ[]`'łŁ;'//°#&@{}^<>*
cz(qwerty-mac)	Czech (QWERTY, Macintosh)
<+ěščřžýáíé=◌́qwertyuiopú)asdfghjklů§◌̈\zxcvbnm,.-
>1234567890%◌̌QWERTYUIOP/(ASDFGHJKL"!`|ZXCVBNM?:_
≤`@#$~^&*{}◌̊◌̂@ėę€ŧ←↓→øþ[]ąß∂đŋ‘’ĸł;'◌̈|ż»¢„“‚µ<>–
cz(rus)	Russian (Czech, phonetic)
ё+ъшчщж"§$=%'№юертыуиопэ)асдфгхйкль;\|зяцвбнм,.-
Ё&2ШЧЩЖ4567891ЮЕРТЫУИОПЭ(АСДФГХЙКЛЬ:¦¦ЗЯЦВБНМ?!/
`1234567890\◌̄qwertyuiop[]asdfghjkl<'\/zxcvbnm<>*
dk(nodeadkeys)	Danish (no dead keys)
½1234567890+´qwertyuiopå¨asdfghjklæø'<zxcvbnm,.-
§!"#¤%&/()=?`QWERTYUIOPÅ^ASDFGHJKLÆØ*>ZXCVBNM;:_
¾¡@£$½¥{[]}±|@ſ€®þ←↓→œþ¨~ªßðđŋħ◌̉ĸł´^˝\«»©„“”µ¸·◌̣
dk(dvorak)	Danish (Dvorak)
|1234567890+\å,.pyfgcrl'~aoeuidhtns-<øæqjkxbmwvz
§!"#¤%&/()=?`Å;:PYFGCRL*^AOEUIDHTNS_>ØÆQJKXBMWVZ
¦¡@£$½¾{[]}±◌́}◌̧·þ¥ª ç® ◌̂◌̈  € ıð   ß «|{   × µ
bt	Dzongkha
༉༡༢༣༤༥༦༧༨༩༠༔།ཀཁགངིེོུཅཆཇཉཏཐདནཔཕབམཙཚཛཝ།ཞཟའཡརལཤསཧཨ
༊༄༅༆  ༈༸༴༼༽ཿ༑ྐྑྒྔ྄ྀཻཽྕྖྗྙྟྠྡྣྤྥྦྨྩྪྫྭ༑ྮྯཱྱྲླྴྶྷྸ
ཬ1234567890-=ྈྉ ྃ༚༛༜༝༞༟[]ཊཋཌཎ‹›༷ཾ༹:'\༐༓྾༃༒ཪྊཥ,./
ee(nodeadkeys)	Estonian (no dead keys)
^1234567890+'qwertyuiopüõasdfghjklöä'<zxcvbnm,.-
~!"#¤%&/()=?`QWERTYUIOPÜÕASDFGHJKLÖÄ*>ZXCVBNM;:_
¬¹@£$½¬{[]}\`@ſ€¶ŧ←↓→øþ¨§æšðđŋħ◌̉ĸł´^½|ž»¢„“”µ<>◌̣
ir(ku)	Kurdish (Iran, Latin Q)
"1234567890*-qwertyuiopxûasdfghjklşî,<zxcvbnmêç.
é!'^+%&/()=?_QWERTYUIOPXÛASDFGHJKLŞÎ;>ZXCVBNMÊÇ:
<>£#$½¾{[]}\|@ €¶₺←ûıô ğ~âß ª  ◌̉  ´'`|«»¢„“”µö·◌̇
ir(ku_f)	Kurdish (Iran, F)
+1234567890/-fgxiodrnhpqwûîeautkmlyşx<jêvcçzsb.,
*!"^$%&'()=?_FGXIODRNHPQWÛÎEAUTKMLYŞX>JÊVCÇZSB:;
¬¹²#¼½¾{[]}\|@ ğ¶ô¥® °£◌̈~üi€âü₺ µ ´#`|«ö“¢” §×÷·
ir(ku_ara)	Kurdish (Iran, Arabic-Latin)
 ١٢٣٤٥٦٧٨٩٠-=قوەرتیئحۆپ][اسدفگهژکل؛'\<زخجڤبنم،./
÷!@#$%^&*)(ـ+XXهڕطێءعؤث}{آشذإغ أكڵ:"|>ضصچظىةـ><؟
~1234567890_−qwertyuiopûşasdfghjklêîç|zxcvbnm,'?
fo	Faroese
½1234567890+◌́qwertyuiopåðasdfghjklæø'<zxcvbnm,.-
§!"#¤%&/()=?◌̀QWERTYUIOPÅÐASDFGHJKLÆØ*>ZXCVBNM;:_
¾¡@£$½¥{[]}±|@ſ€®þ←↓→œþ◌̈◌̃ªßðđŋħ◌̉ĸł◌́◌̂◌̋\«»©„“”µ◌̧·
fi(nodeadkeys)	Finnish (classic, no dead keys)
§1234567890+´qwertyuiopå¨asdfghjklöä'<zxcvbnm,.-
½!"#¤%&/()=?`QWERTYUIOPÅ^ASDFGHJKLÖÄ*>ZXCVBNM;:_
¼¡@£$€¥{[]}\¸qw€®þyuıo¶œ~əšðfŋhjĸløæˇ|ž×©vßñµ¸·
fi(smi)	Northern Saami (Finland)
|1234567890+\ášertyuiopåŋasdfghjklöäđžzčcvbnm,.-
§!"#$%&/()=?`ÁŠERTYUIOPÅŊASDFGHJKLÖÄĐŽZČCVBNM;:_
¦©@£$•§{[]}÷´qwé®ŧýüïœþâ"àßðªǧǥ¬ǩ°øæ'ǯʒxç≤≥‘’‚…–
fi(mac)	Finnish (Macintosh)
§1234567890+´qwertyuiopå¨asdfghjklöä'<zxcvbnm,.-
°!"#¤%&/()=?`QWERTYUIOPÅ^ASDFGHJKLÖÄ*>ZXCVBNM;:_
¬©@£$½¾|[]}\◌̧@ſe¶ŧ←↓→øþ◌̈~æßðđŋħ◌̉ĸłøæ@|«»¢„“”µ•·◌̣
fr(nodeadkeys)	French (no dead keys)
²&é"'(-è_çà)=azertyuiop^$qsdfghjklmù*<wxcvbn,;:!
~1234567890°+AZERTYUIOP¨£QSDFGHJKLM%µ>WXCVBN?./§
¬¹~#{[|`\^@]}æ«€¶ŧ←↓→øþ◌̈¤@ßðđŋħ◌̉ĸłµ^`|ł»¢„“”´•·◌̣
fr(oss_nodeadkeys)	French (alt., no dead keys)
²&é"'(-è_çà)=azertyuiop^$qsdfghjklmù*<wxcvbn,;:!
³1234567890°+AZERTYUIOP¨£QSDFGHJKLM%µ>WXCVBN?./§
¹ˇ~#{[|`\^@]}æâ€êþÿûîœô~øäßë‘’ðüïŀö´`≤«»© ↓¬¿×÷¡
fr(latin9)	French (legacy, alt.)
œ&é"'(-è_çà)=azertyuiop◌̂$qsdfghjklmù*<wxcvbn,;:!
Œ1234567890°+AZERTYUIOP◌̈£QSDFGHJKLM%µ>WXCVBN?./§
“◌́~#{[|◌̀\^@]}âå€çþýûîô¶◌̃êÂøÊ±æðÛÎÔ¹²³|«»©®ß¬¿×÷¡
fr(latin9_nodeadkeys)	French (legacy, alt., no dead keys)
œ&é"'(-è_çà)=azertyuiop^$qsdfghjklmù*<wxcvbn,;:!
Œ1234567890°+AZERTYUIOP¨£QSDFGHJKLM%µ>WXCVBN?./§
“'~#{[|`\^@]}âå€çþýûîô¶~êÂøÊ±æðÛÎÔ¹²³|«»©®ß¬¿×÷¡
fr(bepo_afnor)	French (BEPO, AFNOR)
$"«»()@+-/*=%bépoè◌̂vdljzwauie,ctsrnmçêàyx.k’qghf
#1234567890°`BÉPOÈ!VDLJZWAUIE;CTSRNMÇÊÀYX:K?QGHF
–—<>[]^±−÷×≠‰|◌́&œ◌̀¡◌̌ ◌̵☮ ⚜æù◌̈€'◌̧  ◌̆◌̃◌̄✈/\{}…~¿◌̊ ◌̣◌̨
fr(dvorak)	French (Dvorak)
_=/-è\◌̂( )"[]:'ég.hvcmkz◌̈oauebfstndw~à;q,iyxrlpj
*1234567890+%?<>G!HVCMKZ&OAUEBFSTNDW#ç|Q@IYXRLPJ
  ±¼½¾  `    æ$É€°  çµ   òàùè  « »   Àœ{}ì£ º §
fr(mac)	French (Macintosh)
@&é"'(§è!çà)-azertyuiop◌̂$qsdfghjklmù◌̀<wxcvbn,;:=
#1234567890°_AZERTYUIOP◌̈*QSDFGHJKLM%£>WXCVBN?./+
· ë  {¶«¡Çø}—æÂê® Ú îœ ô€âÒ   ÌÏÈ¬µÙ@   ©♦ß◌̃  ÷
fr(afnor)	French (AZERTY, AFNOR)
@àéèê()‘’«»'◌̂azertyuiop-+qsdfghjklm/*<wxcvbn.,:;
#1234567890"◌̈AZERTYUIOP–±QSDFGHJKLM\½>WXCVBN?!…=
◌̆§◌́◌̀&[]◌̄_“”°◌̌æ£€®{}ù◌̇œ%−†θß$     |∞÷×≤ʒ©ç◌̧◌̵◌̃¿¡·≃
fr(bre)	French (Breton)
²&é"'(-è_çà)= wertyuiop◌̂/asdfghjklmù?qzxcvbn ñ.,
◌̃1234567890◌̊+ WERTYUIOP◌̈*ASDFGHJKLMÙ!QZXCVBN Ñ:;
◌̇◌̄◌́#{[|◌̀\±@]} ω€ρτψυıœπ«»æσ$φγηςκλμŭ¿<>ξ¢ βν  §%
fr(geo)	Georgian (France, AZERTY Tskapo)
!„№%(:;?№°)-<აზერტყუიოპთძქსდფგჰჯკლმჟჩ«წხცვბნ,შღჭ
“1234567890_>ჺZE®TჸUჲOPTZQSDჶჹჵჷKLMJ©»Wჴ©ჳBჼ—S>?
„'„“№€ §°  —–  ჱ® ჸ ჲ    ჺ  ჶჹჵჷ    ~| ჴ©ჳ ჼ «»჻
gh	English (Ghana)
`1234567890-=qwertyuiop[]asdfghjkl;'\<zxcvbnm,./
~!@#₵%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|>ZXCVBNM<>?
    $                                |
gh(akan)	Akan
`1234567890-=ɛwertyuiop[]asdfghjkl;'\<zɔcvbnm,./
~!@#₵%^&*()_+ƐWERTYUIOP{}ASDFGHJKL:"|>ZƆCVBNM<>?
    $        q                       | x
gh(ewe)	Ewe
`1234567890-=ɛwertyuiopɔʋasdfghƒkl;'ɖ<zxŋvbnm,./
~!@#₵%^&*()_+ƐWERTYUIOPƆƲASDFGHƑKL:"Ɖ>ZXŊVBNM<>?
    $        q         {}    ɣ j    \|  c
gh(fula)	Fula
`1234567890-=qüertyuiopƴǧasɗfghjklıǝ\<ɲxcvbnñ,çş
~!@#₵%^&*()_+QÜERTYUIOPƳǦASƊFGHJKLİƎ|>ƝXCVBNÑ<ÇŞ
    $        qw€       []  d      ;' |z     m ./
gh(ga)	Ga
`1234567890-=ɛwertyuiop[]asdfghjkl;'\<zɔŋvbnm,./
~!@#₵%^&*()_+ƐWERTYUIOP{}ASDFGHJKL:"|>ZƆŊVBNM<>?
    $        q                       | xc
gh(avn)	Avatime
`1234567890-=ʋwertyuiopɛ]asdfghŋkl;'\<zxɔvbnm,./
~!@#$%^&*()_+ƲWERTYUIOPƐ}ASDFGHŊKL:"|>ZXƆVBNM<>?
̀   ¢      ̄       ʊɩ  [   ɖƒ      ́ |
gh(gillbt)	English (Ghana, GILLBT)
`1234567890-ŋʋwertyuiopɛɔasdfghjkl;'\<zɩcvbnm,./
~!@#$%^&*()_ŊƲWERTYUIOPƐƆASDFGHJKL:"|>ZƖCVBNM<>?
̀   ¢ ̂    ̱=q ǝ   ʊ   []  ɖƒɣ     ́ |ʒxç
gn	N'Ko (AZERTY)
߬߱߫ߵߴ(-߬ߺ߭߮)=ߊߠߍߙߕߦߎߌߐߔ߳$߫ߛߘߝߜߤߖߞߟߡ߯ߑ<ߥ،ߗߢߓߣ߸؛،߹
~߁߂߃߄߅߆߇߈߉߀ + <ߋߚ ߧ߶ ߏ  £    ߷ ߨ ߪ ߸*>  ߩ  ߒ؟ /
¬  #⸜⸝|`\^@ }           ¤          % |
ge	Georgian
„1234567890-=ქწერტყუიოპ[]ასდფგჰჯკლ;'\«ზხცვბნმ,./
“!@#$%^&*()_+QჭEღთYUIOP{}AშDFGHჟKL:"|»ძXჩVBNM<>?
„'„“№€ §°  —–  ჱ® ჸ ჲ    ჺ  ჶჹჵჷ    ~| ჴ©ჳ ჼ «»჻
ge(ergonomic)	Georgian (ergonomic)
„!№,;%:?.()-“ჩპუძჭტთნვშკქხიაეოდმსრბგ/«ჯჰყღჟზცლფწ
'1234567890+=QჭEღთYUIOP{}AშDFGHჟKL:"§»ძXჩVBNM<>?
„!@#$€^&*()—=  ჱ® ჸ ჼჳ []ჴჲჺჱჹჵჷ L:ჹ\| ჵჸჷ ჼ «ჶ჻
ge(mess)	Georgian (MESS)
ჭ1234567890-ჟქწერტყუიოპშღასდფგჰჯკლთჩ=«ზხცვბნმ,.ძ
\!@№$%^&*()_+QWERTYUIOP[]ASDFGHJKL„“/»ZXCVBNM;:?
`'~#€€ §° —–|  ჱ® ჸ ჲ  «»ჺ  ჶჹჱჷ    ||ჵჴ©ჳ ჼ <>჻
ge(ru)	Russian (Georgia)
^1234567890-#ღცუკენგშწზხჯფთვაპროლდჟძ\«ჭჩსმიტქბყჰ
~!@#;:,.*()_|qwertyuiop[]asdfghjkl;%|»zxcvbnm<>?
                                     |
ge(os)	Ossetian (Georgia)
э1234567890-=йцукенгшщзхъфывапролджӕ\/ячсмитьбю/
Э!"#*:,.;()_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖӔ||ЯЧСМИТЬБЮ?
                               ё     |
de(deadacute)	German (dead acute)
^1234567890ß◌́qwertzuiopü+asdfghjklöä#<yxcvbnm,.-
°!"§$%&/()=?`QWERTZUIOPÜ*ASDFGHJKLÖÄ'>YXCVBNM;:_
¬¹²³¼½¬{[]}\◌̧@ſ€¶ŧ←↓→øþ◌̈~æſðđŋħ◌̣ĸł◌̋◌̂’|»«¢„“”µ·…–
de(deadgraveacute)	German (dead grave acute)
^1234567890ß◌́qwertzuiopü+asdfghjklöä#<yxcvbnm,.-
°!"§$%&/()=?◌̀QWERTZUIOPÜ*ASDFGHJKLÖÄ'>YXCVBNM;:_
¬¹²³¼½¬{[]}\◌̧@ſ€¶ŧ←↓→øþ◌̈~æſðđŋħ◌̣ĸł◌̋◌̂’|»«¢„“”µ·…–
de(e2)	German (E2)
◌̂1234567890ß◌́qwertzuiopü+asdfghjklöä# yxcvbnm,.-
°!"§$%&/()=?◌̀QWERTZUIOPÜ*ASDFGHJKLÖÄ' YXCVBNM;:_
|’<>—¡¿{[]}\◌̇@◌̄€◌̋◌̌◌̈◌̆◌̃◌̊◌̉◌̛~ ″′ ẞ◌̱◌̧◌̦◌̨◌̣◌̵− ›» «‹–µ‑·
de(dvorak)	German (Dvorak)
^1234567890+<ü,.pyfgctz?/aoeiuhdrnsl-äöqjkxbmwv#
°!"§$%&/()=*>Ü;:PYFGCTZß\AOEIUHDRNSL_ÄÖQJKXBMWV'
◌̀¹²³||¦{[]}~◌̀@◌̈◌̇    ©™ż ◌́@ó€    ®ńśł |◌̨@    µ
de(neo)	German (Neo 2)
◌̂1234567890-◌̀xvlcwkhgfqß◌́uiaeosnrtdy  üöäpzbm,.j
◌̌°§ℓ»«$€„“”—◌̧XVLCWKHGFQẞ◌̃UIAEOSNRTDY  ÜÖÄPZBM–•J
↻¹²³›‹¢¥‚‘’ ◌̊…_[]^!<>=&ſ◌̵\/{}*?()-:@  #$|~`+%"';
de(qwerty)	German (QWERTY)
◌̂1234567890ß◌́qwertyuiopü+asdfghjklöä#<zxcvbnm,.-
°!"§$%&/()=?◌̀QWERTYUIOPÜ*ASDFGHJKLÖÄ'>ZXCVBNM;:_
′¹²³¼½¬{[]}\◌̧@ſ€¶ŧ«↓→øþ◌̈~æſðđŋħ◌̣ĸł◌̋◌̂’|←«¢„“”µ·…–
de(ru)	Russian (Germany, phonetic)
ё1234567890ßъявертзуиопшщасдфгхйклчэю<ыжцьбнм,.-
Ё!"§$%&/()=?ЪЯВЕРТЗУИОПШЩАСДФГХЙКЛЧЭЮ>ЫЖЦЬБНМ;:_
~¹²³¼½¬{[]}\◌̧@ſ€¶ŧ←↓→øþ◌̈+æſðđŋħ◌̣ĸł◌̋◌̂#|»«¢„“”µ·…–
gr(nodeadkeys)	Greek (no dead keys)
`1234567890-=;ςερτυθιοπ[]ασδφγηξκλ;'\«ζχψωβνμ,./
~!@#$%^&*()_+:ΣΕΡΤΥΘΙΟΠ{}ΑΣΔΦΓΗΞΚΛ:"|»ΖΧΨΩΒΝΜ<>?
                                     |
gr(polytonic)	Greek (polytonic)
`1234567890-=;ςερτυθιοπ◌̃◌ͅασδφγηξκλ◌́◌̀\«ζχψωβνμ,./
~!@#$%^&*()_+:ΣΕΡΤΥΘΙΟΠ◌̈ ΑΣΔΦΓΗΞΚΛ◌̓◌̔|»ΖΧΨΩΒΝΜ<>?
― ²³£‰    °± ·ϙ€® ¥   ϖ◌̄◌̆ ϛ ϝ  ϳϗ  ' |§ © ϡ  «»
hu(qwerty)	Hungarian (QWERTY)
í123456789öüóqwertyuiopőúasdfghjkléáű<zxcvbnm,.-
Í'"+!%/=()ÖÜÓQWERTYUIOPŐÚASDFGHJKLÉÁŰ>ZXCVBNM?:_
0~◌̌^◌̆◌̊◌̨`◌̇◌́◌̋◌̈◌̧\|Ä¶ŧ–€Í„”÷×äđĐ[]ħíłŁ$ß¤|>#&@{}<;>*
hu(101_qwertz_comma_dead)	Hungarian (QWERTZ, 101-key, comma, dead keys)
í123456789öüóqwertzuiopőúasdfghjkléáű<yxcvbnm,.-
Í'"+!%/=()ÖÜÓQWERTZUIOPŐÚASDFGHJKLÉÁŰ>YXCVBNM?:_
0~◌̌^◌̆◌̊◌̨`◌̇◌́◌̋◌̈◌̧\|Ä¶ŧ–€Í„”÷×äđĐ[]ħíłŁ$ß¤|>#&@{}<;>*
hu(102_qwerty_comma_dead)	Hungarian (QWERTY, 102-key, comma, dead keys)
0123456789öüóqwertyuiopőúasdfghjkléáűízxcvbnm,.-
§'"+!%/=()ÖÜÓQWERTYUIOPŐÚASDFGHJKLÉÁŰÍZXCVBNM?:_
¬~◌̌^◌̆◌̊◌̨`◌̇◌́◌̋◌̈◌̧\|Ä¶ŧ–€Í„”÷×äđĐ[]ħíłŁ$ß¤<>#&@{}<;>*
is(mac_legacy)	Icelandic (Macintosh, legacy)
£1234567890ö-qwertyuiopð'asdfghjklæ◌́+<zxcvbnm,.þ
§!"#$%&/()=Ö_QWERTYUIOPÐ?ASDFGHJKLÆ◌̈*>ZXCVBNM;:Þ
 ¡@™¢‰^\[]≠ø–¶∑◌̀®°¥◌̈ı◌̂π„¿åß∂ƒ©|∆¬…œ‚•§Ω~ç√∫◌̃µ≤≥’
is(mac)	Icelandic (Macintosh)
°1234567890ö-qwertyuiopð'asdfghjklæ◌́+<zxcvbnm,.þ
◌̈!"#$%&/()=Ö_QWERTYUIOPÐ?ASDFGHJKLÆ◌́*>ZXCVBNM;:Þ
ø¡@™¢‰^{[]}\–@∑€®°¥◌̈ı◌̂π„~åß∂ƒ©|∆¬…œ^`|Ω~ç√∫◌̃µ≤≥’
il(lyx)	Hebrew (lyx)
;1234567890-=/'קראטוןםפ][שדגכעיחלךף,\<זסבהנמצתץ.
~!@#$%^&*)(־+/'ָּ  ֹןםַ}{ְּגכִׁׂ₪ך:"|>זֱֲֳֵֶֻ><?
                                     |
il(phonetic)	Hebrew (phonetic)
`1234567890-=קוארתעויספ[]אשדפגהיכל;'\<זחצובנמ,./
~!@#$%^&*()_+קוארטעויסף{}אשדףגהיךל:"|>זחץובןם<>?
׳  €₪°ֽ֫×  ־–ֳָׁׂ װֹ  ְֲַּֿ  ױײִ ”„״ֻ| ֱֶ   ֵ’‚÷
il(biblical)	Hebrew (Biblical, Tiro)
׃1234567890־=̇׳קראטוןםפ][שדגכעיחלךף֚׀<זסבהנמצתץ֭
ְֱֲֳִֵֶַָֺֹֻּֽֿׁׂ֮֩֙֒֯֝֠ׄ֬֫֟֓֞֜֡֕֔֗֘֨>ׅ֤֪֦֥֧֛֑֖֣
;   ₪  ͏   - ̈״€   װ          ײױ ׇ ,\|  ֢ ׆    .
it(mac)	Italian (Macintosh)
@&"'(çè)£àé-=qzertyuiopì$asdfghjklmù§<wxcvbn,;:ò
#1234567890_+QZERTYUIOP^*ASDFGHJKLM%°>WXCVBN?./!
·«  {Ç¶}∞´` ≠  €® Ú î    åß   ÌÏÈßµæ@|  ©  ◌̃¿ |¡
it(geo)	Georgian (Italy)
\1234567890'ìქწერტყუიოპè+ასდფგჰჯკლòàù<ზხცვბნმ,.-
|!"£$%&/()=?^QჭEღთYUIOPé*AშDFGHჟKLç°§>ძXჩVBNM;:_
¬¹²³¼½¬{[]}`~@ſ€®ŧჸ↓ჲøþ[]ჺßðჶჹჵჷĸł@#◌̀««ჴ©ჳ”ჼµ«»჻
it(scn)	Sicilian
\1234567890'íqwertyuiopè+asdfghjklòàú<zxcvbnm,.-
|!"£$%&/()=?^QWERTYUIOPé*ASDFGHJKLç°§>ZXCVBNM;:_
¬¹²³¼½¬{[]}`~@ſ€ëŧ←ûîôþ[]âšḍđŋħ◌̉ĸł@#ù««χç“”ñµ◌́·◌̄
jp(kana86)	Japanese (Kana 86)
 1234567890-^qwertyuiop@[asdfghjkl;:]<zxcvbnm,./
 !"#$%&'()ヲ=~QWERTYUIOP`{ASDFGHJKL+*}>ZXCVBNM<>?
                                     |
jp(OADG109A)	Japanese (OADG 109A)
 1234567890-^qwertyuiop@[asdfghjkl;:]<zxcvbnm,./
 !"#$%&'() =~QWERTYUIOP`{ASDFGHJKL+*}>ZXCVBNM<>?
                                     |
jp(dvorak)	Japanese (Dvorak)
 1234567890@^:,.pyfgcrl/[aoeuidhtns-]<;qjkxbmwvz
 !"#$%&'() `~*<>PYFGCRL?{AOEUIDHTNS=}>+QJKXBMWVZ
                                     |
kg	Kyrgyz
ё1234567890өңйцукенгшщзхъфывапролджэү/ячсмитьбю.
Ё!"№;%:?*()ӨҢЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭҮ|ЯЧСМИТЬБЮ,
                                     |
kg(phonetic)	Kyrgyz (phonetic)
ё1234567890яюөүертыуиопчшасдфгңйклэьъ<зхжвбнмцщ.
Ё!"№;%:?-()ЯЮӨҮЕРТЫУИОПЧШАСДФГҢЙКЛЭЬЪ>ЗХЖВБНМЦЩ,
                                     |
kh	Khmer (Cambodia)
«១២៣៤៥៦៧៨៩០ឥឲឆឹេរតយុិោផៀឪាសដថងហ្កលើ់ឮ<ឋខចវបនម ។៊
»!ៗ"៛%៍័៏()៌=ឈឺែឬទួូីៅភឿឧ ៃឌធអះញគឡ ៉ឭ>ឍឃជ ពណំ ៕?
  @៑$€៙៚*{}x៎ៜ៝ឯឫឨ  ឦឱឰឩឳ       ឝ ៖ៈ\|    ឞ  ,./
kz	Kazakh
("әіңғ,.үұқөһйцукенгшщзхъфывапролджэ\<ячсмитьбю№
)!ӘІҢҒ;:ҮҰҚӨҺЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭ/>ЯЧСМИТЬБЮ?
ё                                    |
kz(ruskaz)	Russian (Kazakhstan, with Kazakh)
ё1234567890-=йцукенгшщзхъфывапролджэ\<ячсмитьбю.
Ё!"№;%:?*()_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭ/>ЯЧСМИТЬБЮ,
  @#$ ^&     ұ үқёңғ   һ    ә  ө    ||    і    /
kz(kazrus)	Kazakh (with Russian)
ё1234567890-=йңукенгшғзхұөықапролджә\<яісмитүбю.
Ё!"№;%:?*()_+ЙҢУКЕНГШҒЗХҰӨЫҚАПРОЛДЖӘ/>ЯІСМИТҮБЮ,
  @#$ ^&      ц қё   щ һъф в       э|| ч    ь  /
kz(ext)	Kazakh (extended)
ё"әіңғ,.үұқөһйцукенгшщзхъфывапролджэ\<ячсмитьбю№
Ё!ӘІҢҒ;:ҮҰҚӨҺЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭ/>ЯЧСМИТЬБЮ?
`1234567890-=          []          '||       <>
kz(latin)	Kazakh (Latin)
("áíńǵ,.úýóśćqwertyuiop  asdfghjkl  \<zxcvbnm  №
)!ÁÍŃǴ;:ÚÝÓŚĆQWERTYUIOP  ASDFGHJKL  />ZXCMBNM  ?
                                     |
la	Lao
 ຢຟໂຖຸູຄຕຈຂຊໍົໄຳພະິີຣນຍບລັຫກດເ້່າສວງໜ<ຜປແອຶືທມໃຝ
 ໑໒໓໔໌ຼ໕໖໗໘໙  ໐ _+  ຮ ຽ-} ;.,:໊໋!?%=ໝ>₭(ຯ   ໆ`$)
                                     |
la(stea)	Lao (STEA)
"ຢຟໂຖຸູຄຕຈຂຊໍົໄຳພະິີຮນຍບລັຫກດເ້່າສວງ/<ຜປແອຶືທມໃຝ
'1234໌ຼ56789  0*_+  ຣໜຽ-  ;.,:໊໋!?%=\>₭(ຯx  ໆໝ$)
 ໑໒໓໔໕໖໗໘໙໐                          |
latam(nodeadkeys)	Spanish (Latin American, no dead keys)
|1234567890'¿qwertyuiop`+asdfghjklñ´ç<zxcvbnm,.-
°!"#$%&/()=?¡QWERTYUIOP^*ASDFGHJKLÑ¨Ç>ZXCVBNM;:_
¬|@·~½¬{[]}\¸@ſ€¶ŧ←↓→øþ[]æßðđŋħ◌̉ĸł~{}\«»¢„“”µ•·◌̣
latam(dvorak)	Spanish (Latin American, Dvorak)
|1234567890'¿.,ñpyfgchl◌́+aoeuidrtns{}<-qjkxbmwvz
°!"#$%&/()=?¡:;ÑPYFGCHL◌̈*AOEUIDRTNS[]>_QJKXBMWVZ
¬|@·~½¬{[]}\◌̧@ ł¶¥ŧđ¢ħ£◌̈~æø€åœð®þŋß◌̂◌̀« ¤ ĸ× µ
latam(colemak)	Spanish (Latin American, Colemak)
|1234567890'¿qwfpgjluyñ◌́+arstdhneio{}<zxcvbkm,.-
°!"#$%&/()=?¡QWFPGJLUYÑ◌̈*ARSTDHNEIO[]>ZXCVBKM;:_
¬|@·~½¬{[]}\◌̧‚‘’⊓ŋ∫ł‹›~◌̈~æ®ßþðħ €―º◌̂◌̀|ʒ†¢÷•ç× ̣
latam(colemak-gaming)	Spanish (Latin American, Colemak for gaming)
|1234567890'¿qwfpgjluyñ◌́+asdtrhneio{}<zxcvbkm,.-
°!"#$%&/()=?¡QWFPGJLUYÑ◌̈*ASDTRHNEIO[]>ZXCVBKM;:_
¬|@·~½¬{[]}\◌̧‚‘’⊓ŋ∫ł‹›~◌̈~æßðþ®ħ €―º◌̂◌̀|ʒ†¢÷•ç× ̣
lt(std)	Lithuanian (standard)
`!-/;:,.=()?xąžertyuiopįwasdšghjklųėq<zūcvbnmčfę
~1234567890+XĄŽERTYUIOPĮWASDŠGHJKLŲĖQ>ZŪCVBNMČFĘ
´@_#$§^&*[]'%@ſ€¶ŧ←↓→øþ{}æßðđŋħ◌̉ĸł◌́"|–<>–„“”µ„“\
lt(ibm)	Lithuanian (IBM LST 1205-92)
`!"/;:,.?()_+ąžertyuiopį„asdfghjklųė\<zūcvbnmčšę
~1234567890-=ĄŽERTYUIOPĮ“ASDFGHJKLŲĖ|>ZŪCVBNMČŠĘ
´¹@#$%^&*]}–◌̧qw€¶ŧ←↓→øþ[]æßðđŋħ◌̉ĸł;'◌̀–«x¢„“”µ,./
lt(lekp)	Lithuanian (LEKP)
`/\.,f!wųį():qgrldčjuėę?=akstmpneioy';zxcvžšbūąh
~#@{}F–WŲĮ„“&QGRLDČJUĖĘ[]AKSTMPNEIOY_"ZXCVŽŠBŪĄH
´|§       ®©™€789%  .-/÷ 0456$  ,+*× £^123  °<>
lt(lekpa)	Lithuanian (LEKPa)
`/\.,f!wųį():qgrldčjuėę?=akstmpneioy'<zxcvžšbūąh
~"@{}F–WŲĮ„“;QGRLDČJUĖĘ[]AKSTMPNEIOY_>ZXCVŽŠBŪĄH
´|§#£&    ®©™€789%  .-/÷ 0456$  ,+*× |^123  °<>
lt(sgs)	Samogitian
̄ąčęėįšųū„“-žqwertyuiop[]asdfghjkl;'\–zxcvbnm,./
~ĄČĘĖĮŠŲŪ()_ŽQWERTYUIOP{}ASDFGHJKL:"|€ZXCVBNM<>?
`1234567890–=ëů€ŗť←↓→øþ◌̈◌̃ȧßďđģħ◌̉ķļ◌́◌̂◌̀|«»¢„“”µ•·◌̣
lt(ratise)	Lithuanian (Ratise)
+!:.*_—=,;/w?ūėyoqjnkgbcfueiahlrtspžz-ųęįąxvmdšč
§¤@#$%|&<>\W~ŪĖYOQJNKGBCFUEIAHLRTSPŽZ–ŲĘĮĄXVMDŠČ
`’⟨⟩”…^789÷Ω≈‘[]“́€456×¢⁄'()"̃ł123−-°̇‚{}„̀√0.,+
lv(apostrophe)	Latvian (apostrophe)
`1234567890-=qwertyuiop[]asdfghjkl; \<zxcvbnm,./
~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|>ZXCVBNM<>?
´¹²³€½¾{[]}\–qwēŗtyūīōp«»āšdfģhjķļ;'`|žxčvbņm•·/
lv(tilde)	Latvian (tilde)
 1234567890-=qwertyuiop[]asdfghjkl;'\<zxcvbnm,./
~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|>ZXCVBNM<>?
`¹²³€½¾{[]}\–qwēŗtyūīōp«»āšdfģhjķļ;“`|žxčvbņm•·/
lv(fkey)	Latvian (F)
`1234567890-=qwertyuiop[]asd ghjkl;'\<zxcvbnm,./
~!@#$%^&*()_+QWERTYUIOP{}ASD GHJKL:"|>ZXCVBNM<>?
´¹²³€½¾{[]}\–qwēŗtyūīōp«»āšdfģhjķļ;“`|žxčvbņm•·/
lv(modern)	Latvian (modern)
`1234567890-=ēoāpbjdīlg[]euank sitrm/qxzcvwfyh,.
~!@#$%^&*()_+ĒOĀPBJDĪLG{}EUANK"SITRM?QXZCVWFYH;:
´¹²³€½¾{[]}\–ēōā?!—–īļģ«»eūaņķ'šitŗm\qqžč|\.ȳḩ<>
lv(ergonomic)	Latvian (ergonomic, ŪGJRMV)
`1234567890-fūgjrmvnzēčžhšusildatec ķģņbīkpoā,.ļ
~!@#$%^&*()_FŪGJRMVNZĒČŽHŠUSILDATEC"ĶĢŅBĪKPOĀ;:Ļ
´¹ģ³€½¾{[]}–=qgjŗmwyzēč[]šusildatec'/ģņxīkpōā<>?
lv(adapted)	Latvian (adapted)
`1234567890-=šēertāuiopūņasdfghjklī'\<zķcvbnm,.ļ
~!ČčŽž^&*()_+ŠĒERTĀUIOPŪŅASDFGHJKLĪ"|>ZĶCVBNMģĢĻ
´¹@#$%¾{[]}\–qweŗtyuiōp[]asdfghjkl;“`|zxcvbnm<>/
me(cyrillicyz)	Montenegrin (Cyrillic, ZE and ZHE swapped)
`1234567890'+љњертжуиопшђасдфгхјклчћж<зџцвбнм,.-
~!"#$%&/()=?*ЉЊЕРТЖУИОПШЂАСДФГХЈКЛЧЋЖ>ЗЏЦВБНМ;:_
°  ◌̂   ◌̀◌̏◌́◌̑◌̄ \|€¶…←↓→§ ÷× „“[]      ¤|‘’¢@{}^<>—
mk	Macedonian
◌̀1234567890-=љњертѕуиопшѓасдфгхјклчќж<зџцвбнм,./
~!„“$%^&*()_+ЉЊЕРТЅУИОПШЃАСДФГХЈКЛЧЌЖ>ЗЏЦВБНМ;:?
                                     |
mk(nodeadkeys)	Macedonian (no dead keys)
`1234567890-=љњертѕуиопшѓасдфгхјклчќж<зџцвбнм,./
~!„“$%^&*()_+ЉЊЕРТЅУИОПШЃАСДФГХЈКЛЧЌЖ>ЗЏЦВБНМ;:?
                                     |
mt	Maltese
ċ1234567890-=qwertyuiopġħasdfghjkl;'#żzxcvbnm,./
Ċ!"€$%^&*()_+QWERTYUIOPĠĦASDFGHJKL:@~ŻZXCVBNM<>?
`¹²£€½◌̂{[]}\◌̧@ſè¶ŧ←ùìòþ[]àßðđŋħ◌̉ĸł◌́◌̂◌̀\«»¢„“”µ•·◌̣
mt(us)	Maltese (US)
ċ1234567890-=qwertyuiopġħasdfghjkl;'żżzxcvbnm,./
Ċ!@€$%^&*()_+QWERTYUIOPĠĦASDFGHJKL:"ŻŻZXCVBNM<>?
`¹²#¼½◌̂{[]}\◌̧@ſè¶ŧ←ùìòþ[]àßðđŋħ◌̉ĸł◌́◌̂\\«»¢„“”µ•·◌̣
mn	Mongolian
=1234567890ещфцужэнгшүзкъйыбөахролдп!(ячёсмитьвю
+№-"₮:._,%?ЕЩФЦУЖЭНГШҮЗКЪЙЫБӨАХРОЛДП|)ЯЧЁСМИТЬВЮ
°×÷±¬ ≠&*[]XL'`€®™¥„“” {}µ£$”ыЫэЭ№§…||—–©  <>«»\
no(nodeadkeys)	Norwegian (no dead keys)
|1234567890+\qwertyuiopå¨asdfghjkløæ'<zxcvbnm,.-
§!"#¤%&/()=?`QWERTYUIOPÅ^ASDFGHJKLØÆ*>ZXCVBNM;:_
¦¡@£$½¥{[]}±´@ſ€®þ←↓→œπ◌̈~ªßðđŋħ◌̉ĸł´^◌̋½«»©„“”µ¸·–
no(dvorak)	Norwegian (Dvorak)
|1234567890+\å,.pyfgcrl'◌̈aoeuidhtns-<øæqjkxbmwvz
§!"#¤%&/()=?`Å;:PYFGCRL*◌̂AOEUIDHTNS_>ØÆQJKXBMWVZ
¦¡@£$½¾{[]}±◌́}◌̧·þ¥ª ç® ◌̂◌̃  € ıð   ß «|{   × µ
no(smi)	Northern Saami (Norway)
|1234567890+\ášertyuiopåŋasdfghjkløæđžzčcvbnm,.-
§!"#$%&/()=?`ÁŠERTYUIOPÅŊASDFGHJKLØÆĐŽZČCVBNM;:_
¦©@£$•§{[]}÷´qwé®ŧýüïœþâ"àßðªǧǥ¬ǩ°öä'ǯʒxç≤≥‘’‚…–
no(mac)	Norwegian (Macintosh)
|1234567890+◌̀qwertyuiopå¨asdfghjkløæ@<zxcvbnm,.-
§!"#¤%&/()=?◌́QWERTYUIOPÅ^ASDFGHJKLØÆ*>ZXCVBNM;:_
¬¹@£$½¾|[]}\´@ſ€¶ŧ←↓→øþ◌̈~æßðđŋħ◌̉ĸłö◌̂◌̀|«»¢„“”µ•·◌̣
no(mac_nodeadkeys)	Norwegian (Macintosh, no dead keys)
|1234567890+`qwertyuiopå¨asdfghjkløæ@<zxcvbnm,.-
§!"#¤%&/()=?´QWERTYUIOPÅ^ASDFGHJKLØÆ*>ZXCVBNM;:_
¬¹@£$½¾|[]}\´@ſ€¶ŧ←↓→øþ◌̈~æßðđŋħ◌̉ĸłö◌̂◌̀|«»¢„“”µ•·◌̣
no(colemak)	Norwegian (Colemak)
|1234567890+\qwfpgjluyøå◌̈arstdhneioæ'<zxcvbkm,.-
§!"#¤%&/()=?◌̀QWFPGJLUYØÅ◌̂ARSTDHNEIOÆ*>ZXCVBKM;:_
¦¡@£$½¥{[]}±◌́@ſđπŋ←ł↓←◌́◌̈◌̃ª®ßþðħ◌̉€→œ◌̂◌̋½«»©„“ĸµ◌̧…–
pl(qwertz)	Polish (QWERTZ)
˙1234567890+'qwertzuiopżśasdfghjklłąó<yxcvbnm,.-
◌̨!"#$%&/()=?*QWERTZUIOPńćASDFGHJKLŁęź>YXCVBNM;:_
¬~◌̌◌̂◌̆°◌̨◌̀◌̇◌́◌̋◌̈◌̧\|€¶ŧ←↓→øþ÷×æđĐ[]ħ◌̉ĸł$ß◌̀|«»¢@{}§<>◌̣
pl(ru_phonetic_dvorak)	Russian (Poland, phonetic Dvorak)
`1234567890[]',.пыфгцрл/=аоеуидхтнс-\<;яйкщбмввз
~!@#$%^&*(){}"<>ПЫФГЦРЛ?+АОЕУИДХТНС_|>:ЯЙКЩБМВВЗ
◌̀     ◌̂  ◌̀  ◌̃◌́◌̧◌̇ь   чьь  яёэю ь ььш  |◌̨    ъ щщж
pt(nodeadkeys)	Portuguese (no dead keys)
\1234567890'«qwertyuiop+´asdfghjklçº~<zxcvbnm,.-
|!"#$%&/()=?»QWERTYUIOP*`ASDFGHJKLÇª^>ZXCVBNM;:_
¬¹@£§½¬{[]}\¸@ſ€¶ŧ←↓→øþ"◌̃æßðđŋħ◌̉ĸł´^◌̀\«»¢„“”µ•·◌̣
pt(mac)	Portuguese (Macintosh)
`1234567890'+qwertyuiopº◌́asdfghjklç◌̃\<zxcvbnm,.-
~!"#$%&/()=?*QWERTYUIOPª◌̀ASDFGHJKLÇ◌̂|>ZXCVBNM;:_
¬¹@£§½¾{[]}\◌̈@ſ€¶ŧ←↓→øþ◌̈◌̃æßðđŋħ◌̉ĸł◌́◌̂◌̀\«»¢„“”µ•·◌̣
pt(mac_nodeadkeys)	Portuguese (Macintosh, no dead keys)
`1234567890'+qwertyuiopº´asdfghjklç~\<zxcvbnm,.-
~!"#$%&/()=?*QWERTYUIOPª`ASDFGHJKLÇ^|>ZXCVBNM;:_
¬¹@£§½¾{[]}\"@ſ€¶ŧ←↓→øþ◌̈◌̃æßðđŋħ◌̉ĸł◌́◌̂◌̀\«»¢„“”µ•·◌̣
pt(nativo)	Portuguese (Nativo)
+1234567890º<',.hxwltcp◌̃-ieaoumdsrn◌́\«yçjbkqvgfz
*!"#$%&/()=ª>?;:HXWLTCP◌̂_IEAOUMDSRN◌̀|»YÇJBKQVGFZ
◌̈¹@£§¢¬{[]}◌̨◌̧°̩•¶×ŭł™©þ◌̌―ı€æœøµðß®ŋ◌̄◌̣‹¥ ʒ'¤ə„“”‟
pt(nativo-us)	Portuguese (Nativo for US keyboards)
+1234567890º<',.hxwltcp◌̃-ieaoumdsrn◌́\«y«jbkqvgfz
*!"#$%&/()=ª>?;:HXWLTCP◌̂_IEAOUMDSRN◌̀|»Y»JBKQVGFZ
◌̈¹@£§¢¬{[]}◌̨◌̧°̩•¶×ŭł™©þ◌̌―ı€æœøµðß®ŋ◌̄◌̣‹ç‹ʒ'¤ə„“”‟
pt(nativo-epo)	Esperanto (Portugal, Nativo)
+1234567890º<',.hĉŭltcp◌̃-ieaoumdsrn◌́\«ĵŝjbkĝvgfz
*!"#$%&/()=ª>?;:HĈŬLTCP◌̂_IEAOUMDSRN◌̀|»ĴŜJBKĜVGFZ
◌̈¹@£§¢¬{[]}◌̨◌̧°̩•ĥxwł™©þ◌̌―ı€æœøµðß®ŋ◌̄◌̣‹yçʒ'¤q„“”‟
ro(winkeys)	Romanian (Windows)
]1234567890+'qwertzuiopăîasdfghjklșțâ<yxcvbnm,.-
[!"#¤%&/()=?*QWERTZUIOPĂÎASDFGHJKLȘȚÂ>YXCVBNM;:_
 ~◌̌◌̂◌̆◌̊◌̨◌̀◌̇◌́◌̋◌̈◌̧\|€       ÷× đĐ    łŁ$ß |   @{}§<>
ru(phonetic)	Russian (phonetic)
ю1234567890-чявертыуиопшщасдфгхйкл;'э|зьцжбнм,./
Ю!@ёЁъЪ&*()_ЧЯВЕРТЫУИОПШЩАСДФГХЙКЛ:"Э¦ЗЬЦЖБНМ<>?
                                     |
ru(phonetic_winkeys)	Russian (phonetic, Windows)
ю1234567890-ьявертыуиопшщасдфгчйкл;'э|зхцжбнм,./
Ю!@ёЁъЪ&*()_ЬЯВЕРТЫУИОПШЩАСДФГЧЙКЛ:"Э¦ЗХЦЖБНМ<>?
                                     |
ru(phonetic_YAZHERTY)	Russian (phonetic, YAZHERTY)
ю1234567890-ьяжертыуиопшщасдфгчйкл;'э|зхцвбнм,./
Ю!@ёЁъЪ&*()_ЬЯЖЕРТЫУИОПШЩАСДФГЧЙКЛ:"Э¦ЗХЦВБНМ<>?
                                     |
ru(typewriter)	Russian (typewriter)
|№-/":,._?%!;йцукенгшщзхъфывапролджэ)/ячсмитьбюё
+1234567890=\ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭ(|ЯЧСМИТЬБЮЁ
                                     |
ru(legacy)	Russian (legacy)
ё1234567890-=йцукенгшщзхъфывапролджэ\/ячсмитьбю/
Ё!"#*:,.;()_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭ||ЯЧСМИТЬБЮ?
                                     |
ru(typewriter-legacy)	Russian (typewriter, legacy)
'!№/;:,._?%-=йцукенгшщзхъфывапролджэ(/ячсмитьбюё
"1234567890_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭ)|ЯЧСМИТЬБЮЁ
                                     |
ru(tt)	Tatar
һ1234567890-=йөукенгшәзхүфывапролдңэ\/ячсмитҗбю.
Һ!"№;%:?*()_+ЙӨУКЕНГШӘЗХҮФЫВАПРОЛДҢЭ/|ЯЧСМИТҖБЮ,
ё       ₽     ц      щ  ъ         ж  |      ь
ru(os_winkeys)	Ossetian (Windows)
э1234567890-=йцукенгшщзхъфывапролджӕ\/ячсмитьбю.
Э!"№;%:?*()_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖӔ/|ЯЧСМИТЬБЮ,
        ₽                      ё     |
ru(udm)	Udmurt
ё?():*ӝӧӵӥӟ-=йцукенгшщзхъфывапролджэ\/ячсмитьбю.
Ё!"№;%ӜӦӴӤӞ_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭ/|ЯЧСМИТЬБЮ,
 1234567890                          |
ru(xal)	Kalmyk
(?№үә*ңөһҗ;-=йцукенгшщзхъфывапролджэ\/ячсмитьбю.
)!"ҮӘ%ҢӨҺҖ:_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭ/|ЯЧСМИТЬБЮ,
ё1234567890   $€®™     []          ' |  ©    <>
ru(dos)	Russian (DOS)
)1234567890-=йцукенгшщзхъфывапролджэ\/ячсмитьбюё
(!"#¤:,.;?%_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭ||ЯЧСМИТЬБЮЁ
                                     |
ru(mac)	Russian (Macintosh)
]1234567890-=йцукенгшщзхъфывапролджэё<ячсмитьбю/
[!"№%:,.;()_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЁ>ЯЧСМИТЬБЮ?
                              ₽      |
ru(bak)	Bashkirian
ә!өҡғҫ:ҙһ?№-үйцукенгшщзхъфывапролджэң/ячсмитьбю.
Ә"ӨҠҒҪ;ҘҺ()%ҮЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭҢ|ЯЧСМИТЬБЮ,
ё1234567890-=                       \|
ru(phonetic_azerty)	Russian (phonetic, AZERTY)
ю&é"'(-è_çà)чазертыуиопшщясдфгхйклмùэ|вьцжбн,;:!
Ю1234567890°ЧАЗЕРТЫУИОПШЩЯСДФГХЙКЛМ%Э¦ВЬЦЖБН?./§
 ¹~#{[|`\^@]}                      ^ |      ´•·◌̣
ru(phonetic_dvorak)	Russian (phonetic, Dvorak)
ю1234567890шщ',.пыфгцрл/чаоеуидхтнс-э<;яйкьбмвжз
Ю!@ёЁъЪ&*()ШЩ"<>ПЫФГЦРЛ?ЧАОЕУИДХТНС_Э>:ЯЙКЬБМВЖЗ
             ◌́◌̧◌̇                     |◌̨
rs(rue)	Pannonian Rusyn
ь1234567890'+яєертзуиопшщасдфґхйклчгж<юїцвбнм,.-
Ь!"#$%&/()=?*ЯЄЕРТЗУИОПШЩАСДФҐХЙКЛЧГЖ>ЮЇЦВБНМ;:_
°  ◌̂   ◌̀◌̏◌́◌̑◌̄ \|€¶…←↓→§ ÷× „“[]      ¤|‘’¢@{}^<>—
si(us)	Slovenian (US)
¸1234567890'+qwertyuiopšđasdfghjklčćž<zxcvbnm,.-
¨!"#$%&/()=?*QWERTYUIOPŠĐASDFGHJKLČĆŽ>ZXCVBNM;:_
 ◌̃◌̌◌̂◌̆◌̊◌̨◌̀◌̇◌́◌̋◌̈◌̧\|€¶ŧ←↓→øþ÷×æ„“[]ħ◌̉łł◌́ß¤|‘’¢@{}§<>—
sk(bksl)	Slovak (extended backslash)
;+ľščťžýáíé=◌́qwertzuiopúäasdfghjklô§\\yxcvbnm,.-
◌̊1234567890%◌̌QWERTZUIOP/(ASDFGHJKL"!|(YXCVBNM?:_
`!@#$%^&*{}\◌̄\|€¶ŧ←↓→øþ[]~đĐ[]`'łŁ$'//°#&@{}^<>*
sk(qwerty_bksl)	Slovak (QWERTY, extended backslash)
;+ľščťžýáíé=◌́qwertyuiopúäasdfghjklô§\\zxcvbnm,.-
◌̊1234567890%◌̌QWERTYUIOP/(ASDFGHJKL"!|(ZXCVBNM?:_
`!@#$%^&*{}\◌̄\|€¶ŧ←↓→øþ[]~đĐ[]`'łŁ$'//°#&@{}^<>*
es(nodeadkeys)	Spanish (no dead keys)
º1234567890'¡qwertyuiop`+asdfghjklñ´ç<zxcvbnm,.-
ª!"·$%&/()=?¿QWERTYUIOP^*ASDFGHJKLÑ¨Ç>ZXCVBNM;:_
\|@#~½¬{[]}\¸@ſ€¶ŧ←↓→øþ[]æßðđŋħ◌̉ĸł~{}|«»¢„“”µ•·◌̣
es(dvorak)	Spanish (Dvorak)
º1234567890'¡.,ñpyfgchl◌̀+aoeuidrtns◌́ç<-qjkxbmwvz
ª!"·$%&/()=?¿:;ÑPYFGCHL◌̂*AOEUIDRTNS◌̈Ç>_QJKXBMWVZ
\|@#~¦¬½⅛^`◌̄◌̆<>ł¶¥ŧđ¢ħ£[]æø€åœð®þŋß{}« ¤ ĸ× µ
se(dvorak)	Swedish (Dvorak)
§1234567890+◌́åäöpyfgcrl,◌̈aoeuidhtns-'<.qjkxbmwvz
½!"#¤%&/()=?◌̀ÅÄÖPYFGCRL;◌̂AOEUIDHTNS_*>:QJKXBMWVZ
¶¡@£$€¥{[]}\±\{}þ←đŋ©®ł◌̧◌̃æœ€↓→ðħŧłß◌̣´|·@©ĸ»”µł“«
se(rus)	Russian (Sweden, phonetic)
ё1234567890+ъявертыуиопэ◌̈асдфгхйклшщючзьцжбнм,.-
Ё!"#¤%&/()=?ЪЯВЕРТЫУИОПЭ◌̂АСДФГХЙКЛШЩЮЧЗЬЦЖБНМ;:_
 ¡@£$€¥{[]}\            ◌̃                    ◌̧·◌̣
se(svdvorak)	Swedish (Svdvorak)
§1234567890+◌́å,.pyfgcrl'◌̈aoeuidhtns-<öäqjkxbmwvz
½!"#¤%&/()=?◌̀Å;:PYFGCRL*◌̂AOEUIDHTNS_>ÖÄQJKXBMWVZ
¶¡@£$€¥{[]}\±{[]}þ←↓→œþ◌̈◌̃ª()đŋħ◌̉ĸłßæ||«»©„“”µ◌̧·◌̣
se(us_dvorak)	Swedish (Dvorak, intl.)
'1234567890[]å,.pyfgcrl/=aoeuidhtns-;öäqjkxbmwvz
~!"#$%^&*(){}Å<>PYFGCRL?+AOEUIDHTNS_:ÖÄQJKXBMWVZ
`¡@³¤€◌̂½¾‘’«»◌́ç◌̇öü  ©®ø¿ áóéúíð þñß|\◌̈◌̀ä œ  µå æ
ch(de_nodeadkeys)	German (Switzerland, no dead keys)
§1234567890'^qwertzuiopü¨asdfghjklöä$<yxcvbnm,.-
°+"*ç%&/()=?`QWERTZUIOPè!ASDFGHJKLéà£>YXCVBNM;:_
¬|@#¼½¬|¢]}´~@ſ€¶ŧ←↓→œþ[]æßðđŋħ◌̉ĸł◌́{}\«»¢„“”µ•·◌̣
ch(fr_nodeadkeys)	French (Switzerland, no dead keys)
§1234567890'^qwertzuiopè¨asdfghjkléà$<yxcvbnm,.-
°+"*ç%&/()=?`QWERTZUIOPü!ASDFGHJKLöä£>YXCVBNM;:_
¬|@#¼½¬|¢]}´~@ſ€¶ŧ←↓→œþ[]æßðđŋħ◌̉ĸł◌́{}\«»¢„“”µ•·◌̣
sy(syc)	Syriac
 1234567890-=ܔܨܖܩܦܜܥܗܞܚܓܕܫܣܝܒܠܐܬܢܡܟܛ܆<][ܤܪܧ܀.ܘܙ܇
̮!̥̊݉♰♱܊»)(«+ܑܱܴܷܻܾܰܳܶܺܽ݀݁̈̄̇̃݊ـ̤̱̣̰:>ܸܼܹ݂ܲܵܿ،؛؟
ّ܁܂܃܄܅܈܉܋܌܍┌┐ًٌَُ̭ٓٔ݇݃݅  ٍِ ءٰٕ݈݄݆   |ْ
sy(syc_phonetic)	Syriac (phonetic)
 1234567890-=ܩܘܖܪܬܝܜܥܧܦ][ܐܣܕܔܓܗܛܟܠܚܞ܆<ܙܨܤܫܒܢܡ܀.܇
̮!̥̊݉♰♱܊»)(«+ܑܱܴܷܻܾܰܳܶܺܽ݀݁̈̄̇̃݊ـ̤̱̣̰:>ܸܼܹ݂ܲܵܿ،؛؟
ّ܁܂܃܄܅܈܉܋܌܍┌┐ًٌَُ̭ٓٔ݇݃݅  ٍِ ءٰٕ݈݄݆   |ْ
tj	Tajik
ё1234567890ғӯйқукенгшҳзхъфҷвапролджэ\/ячсмитӣбю.
Ё!"№;%:?*()ҒӮЙҚУКЕНГШҲЗХЪФҶВАПРОЛДЖЭ/|ЯЧСМИТӢБЮ,
 §«   –&  °-=                        |
lk	Sinhala (phonetic)
`1234567890-=ඍඇඑරතයඋඉඔප[]අසදෆගහජකල;'\<ඤඳචවබනම,./
~!@#$%^&*()_+ඎඈඒ්ථ්ඌඊඕඵ{}ආශධFඝඃඣඛළ:"|>ඥඬඡVභණඹ<>?
             ෘැෙරට ුිො   ්ෂඩෛඟෞඦඏෟ   |     ං ්෴
lk(us)	Sinhala (US)
`1234567890-=dæertyuiop[]asðþghjkl;'\<zxcvbnm,./
~!@#$%^&*()_+D´éû  úíó {}á ÐfG ç L:"|>  ç BN <>?
 ◌̄◌̣◌̇¤°¼½¾  — q ë   üïö   ä       ô   |     ñ «»
th(tis)	Thai (TIS-820.2538)
๏฿/-ภถุึคตจขชๆไำพะัีรนยบลฟหกดเ้่าสวงฅ<ผปแอิืทมใฝ
๛ๅ๑๒๓๔ู๎๕๖๗๘๙๐"ฎฑธํ๊ณฯญฐ,ฤฆฏโฌ็๋ษศซ.ฃ>()ฉฮฺ์?ฒฬฦ
                     ๚               |
th(pat)	Thai (Pattachote)
_=๒๓๔๕ู๗๘๙๐๑๖็ตยอร่ดมวแใฌ้ทงกัีานเไขๅ<บปลหิคสะจพ
฿+"/,?ุ_.()-%๊ฤๆญษึฝซถฒฯฦ๋ธำณ์ืผชโฆฑํ>ฎฏฐภฺศฮฟฉฬ
                                     |
tr(intl)	Turkish (intl., with dead keys)
"1234567890*-qwertyuıopğüasdfghjklşi,<zxcvbnmöç.
é!'◌̂+%&/()=?_QWERTYUIOPĞÜASDFGHJKLŞİ;>ZXCVBNMÖÇ:
±¹£#$½¾{[]}\÷@ €¶₺←ûîô ◌̈◌̃â§ ª  ◌̉  ◌́'◌̀|«»¢„“”µ×·◌̇
tr(ot)	Ottoman (Q)
"۱۲۳۴۵۶۷۸۹۰-=قذهرتیصعطپغحاسدفگهژکلشض‘<زخجوبنمثچ.
÷!٬٫﷼٪×،*)(ـ+َٰٖ ةيُ      ًٌْ ئ ٍ ِّ؛>ظءأؤإڭٓآ :
 `@#$%^&•                            |
tr(otf)	Ottoman (F)
"۱۲۳۴۵۶۷۸۹۰-=فگغعطدرنهپقذصضهاحتکملیشخ<ژثوجچزسب.‘
÷!٬٫﷼٪×،*)(ـ+ً َ  ٌ ڭئ َُِٰٖ  ةٍٓ يّء> آؤأ ظْإ:؛
 `@#$%^&•                            |
tr(otk)	Old Turkic
"𐱈𐰅𐰂𐱇𐰡𐰦𐰶𐰸𐰜𐰱\,𐰓𐰑𐰏𐰍𐰣𐰔𐱃𐰺𐰼𐰯𐰲𐰪𐰀𐰇𐰆𐰃𐰤𐱅𐰴𐰢𐰞𐰖𐱁𐰿<𐰨𐰭𐰽𐰉𐰋𐰚𐰾𐰠𐰘⸱
«     𐰧𐰷𐰹𐰝⸮:; 𐰒𐰐𐰎 𐰕𐱄𐰻 𐰰𐰳𐰫𐰁𐰈 𐰄𐰥𐱆𐰵 𐰟𐰗𐱂𐱀>𐰩𐰮 𐰊𐰌𐰛  𐰙.
»1234567890/-@#${}[]()\|~  €◌̆◌́₺  £¥–—+ 𐰬©®   ×÷-
tr(otkf)	Old Turkic (F)
"𐱈𐰅𐰂𐱇𐰡𐰦𐰶𐰸𐰜𐰱\,𐰃𐰤𐰲𐰺𐰼𐰆𐰍𐰚𐱅𐰯𐰓𐰑𐱃𐱁𐰏𐰀𐰪𐰣𐰢𐰾𐰞𐰔𐰖𐰭<𐰴𐰠𐰉𐰽𐰘𐰨𐰇𐰋⸱𐰿
«     𐰧𐰷𐰹𐰝⸮:;𐰄𐰥𐰳𐰻  𐰎𐰛𐱆𐰰 𐰒𐱄𐱂𐰐𐰁𐰫   𐰟𐰕𐰗𐰮>𐰵 𐰊 𐰙𐰩𐰈𐰌.𐱀
»1234567890/-◌̆◌́|()€{ ₺\@#]–$ ~}  £[¥𐰬+ ×®©÷   -—
tw(indigenous)	Taiwanese (indigenous)
`1234567890-=qwertyuiop[]asdfghjkl;ʼ\<zxcvbnm,./
~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|>ZXCVBNM<>?
◌̀̍͘§¥€◌̂◌́◌̧◌̨◌̇◌̄×¶ éṟṯṳʉɨø    ßḏ ŋ   ḻː'¬|  ç  ⁿµ◌̦◌̣¿
tw(saisiyat)	Saisiyat (Taiwan)
`1234567890-=qwertyuiop[]asdfghjklːʼ\<zxcvbnm,./
~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|>ZXCVBNM<>?
◌̀̍͘§¥€◌̂◌́◌̧◌̨◌̇◌̄×¶ éṟṯṳʉɨø    ßḏ ŋ   ḻ;'¬|  ç  ⁿµ◌̦◌̣¿
ua(phonetic)	Ukrainian (phonetic)
'1234567890-=явертиуіопшщасдфгхйклґчю/зьцжбнмїє/
~!"#*:,.;()_+ЯВЕРТИУІОПШЩАСДФГХЙКЛҐЧЮ|ЗЬЦЖБНМЇЄ?
                                     |
ua(typewriter)	Ukrainian (typewriter)
'!№/;:,._?%-=йцукенгшщзхґфивапролджє(/ячсмітьбюї
"1234567890_+ЙЦУКЕНГШЩЗХҐФИВАПРОЛДЖЄ)|ЯЧСМІТЬБЮЇ
                                     |
ua(winkeys)	Ukrainian (Windows)
'1234567890-=йцукенгшщзхїфівапролджєґ/ячсмитьбю.
~!"№;%:?*()_+ЙЦУКЕНГШЩЗХЇФІВАПРОЛДЖЄҐ|ЯЧСМИТЬБЮ,
                                     |
ua(macOS)	Ukrainian (macOS)
'1234567890-=йцукенгшщзхїфивапролджєґ/ячсмітьбю/
~!"№%:,.;()_+ЙЦУКЕНГШЩЗХЇФИВАПРОЛДЖЄҐ|ЯЧСМІТЬБЮ?
]!@#$°<&*()–»јџў®ёњ     ъ ы     љђ э\| ћ© и™ ≤≥“
ua(legacy)	Ukrainian (legacy)
'1234567890-=йцукенгшщзхїфівапролджєґ/ячсмитьбю/
~!"#*:,.;()_+ЙЦУКЕНГШЩЗХЇФІВАПРОЛДЖЄҐ|ЯЧСМИТЬБЮ?
                                     |
ua(rstu)	Ukrainian (standard RSTU)
'!"#;:,.*()-=йцукенгшщзхґфивапролджє//ячсмітьбюї
?1234567890_+ЙЦУКЕНГШЩЗХҐФИВАПРОЛДЖЄ%|ЯЧСМІТЬБЮЇ
                                     |
ua(rstu_ru)	Russian (Ukraine, standard RSTU)
'!"#;:,.*()-=йцукенгшщзхъфывапролджэ//ячсмитьбюё
?1234567890_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭ%|ЯЧСМИТЬБЮЁ
                                     |
ua(homophonic)	Ukrainian (homophonic)
`1234567890єїяшертиуіопющасдфґгйклчжь/зхцвбнм,./
_!@;:%'"*()ЄЇЯШЕРТИУІОПЮЩАСДФҐГЙКЛЧЖЬ|ЗХЦВБНМ<>?
                                     |
ua(crh)	Crimean Tatar (Turkish Q)
"1234567890x-qwertyuıopğüasdfghjklşi,<zñcvbnmöç.
\!'^+%&/()=X_QWERTYUIOPĞÜASDFGHJKLŞİ;>ZÑCVBNMÖÇ:
<>£#$½¾{[]}*|@ €¶₺←ûîô ◌̈~âß í  ĭ  ´'`|«»¢„“”µ×·◌̇
ua(crh_f)	Crimean Tatar (Turkish F)
+1234567890x-fgğıodrnhpqwuieaütkmlyşñ<jövcçzsb.,
*!"^$%&'()=X_FGĞIODRNHPQWUİEAÜTKMLYŞÑ>JÖVCÇZSB:;
\¹²#¼½¾{[]}/|@  íô¥® °£◌̈~ûî€âû₺ĭµ ´#`|«»“¢” §×÷·
gb(dvorak)	English (UK, Dvorak)
`1234567890[]',.pyfgcrl/=aoeuidhtns-#\;qjkxbmwvz
¬!"£$%^&*(){}@<>PYFGCRL?+AOEUIDHTNS_~|:QJKXBMWVZ
| ²³€ ◌̂  ◌̀  ◌̃◌́äêëü  ç    àôéûî    ß  |âöèùï
gb(dvorakukp)	English (UK, Dvorak, with UK punctuation)
`1234567890-=/,.pyfgcrl[]aoeuidhtns'#\;qjkxbmwvz
¬!"£$%^&*()_+?<>PYFGCRL{}AOEUIDHTNS@~|:QJKXBMWVZ
| ²³€ ◌̂  ◌̀  ◌̃◌́äêëü  ç    àôéûî    ß◌̂ |âöèùï
gb(mac)	English (UK, Macintosh)
§1234567890-=qwertyuiop[]asdfghjkl;'\`zxcvbnm,./
±!@£$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|~ZXCVBNM<>?
¬¹€#¼½¾{[]}\◌̧@ſe¶ŧ←↓→øþ◌̈◌̃æßðđŋħ◌̉ĸł◌́◌̂◌̀|«»¢„“”µ•·◌̣
gb(mac_intl)	English (UK, Macintosh, intl.)
§1234567890-=qwertyuiop[]asdfghjkl;◌́\◌̀zxcvbnm,./
±!@£$%◌̂&*()_+QWERTYUIOP{}ASDFGHJKL:◌̈|◌̃ZXCVBNM<>?
¬¹€²³½¾{[]}\◌̧@ſe¶ŧ←↓→œþ◌̈◌̃æßðđŋħ◌̉ĸł◌́◌̈#¦«»¢„“”µ•·◌̣
gb(colemak)	English (UK, Colemak)
`1234567890-=qwfpgjluy;[]arstdhneio'#\zxcvbkm,./
¬!"£$%^&*()_+QWFPGJLUY:{}ARSTDHNEIO@~|ZXCVBKM<>?
|¡²³€€ħðþ‘’–×äåãø◌̨đłúüö«»á◌̀ß◌́◌̈◌̌ñéíó◌̂◌̀|æ◌̂çœ◌̆◌̊◌̄◌̧◌̇¿
gb(colemak_dh)	English (UK, Colemak-DH)
`1234567890-=qwfpbjluy;[]arstgmneio'#zxcdv\kh,./
¬!"£$%^&*()_+QWFPBJLUY:{}ARSTGMNEIO@~ZXCDV|KH<>?
|¡²³€€ħðþ‘’–×äåãø◌̆đłúüö«»á◌̀ß◌́◌̨◌̄ñéíó◌̂◌̀æ◌̂ç◌̈œ|◌̊◌̌◌̧◌̇¿
uz	Uzbek
ё1234567890ғҳйцукенгшўзхъфқвапролджэ\/ячсмитьбю.
Ё!"№;%:?*()ҒҲЙЦУКЕНГШЎЗХЪФҚВАПРОЛДЖЭ||ЯЧСМИТЬБЮ,
                                     |
vn(us)	Vietnamese (US)
◌̀1234567890-=qwertyuiop[]asdfghjkl;◌́\<zxcvbnm,◌̣◌̉
◌̃!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|>ZXCVBNM<>?
`   ₫€         ê   ư ôơ  âăđ       ' |        ./
vn(fr)	Vietnamese (French)
²&◌̃"◌́(-◌̀_çà)=azertyuiop◌̂$qsdfghjklmù*<wxcvbn◌̉◌̣:!
~1234567890°+AZERTYUIOP◌̈£QSDFGHJKLM%µ>WXCVBN?./§
¬¹é#'[|è\^@]}ă«€¶ŧ←ư→ơþ◌̈₫@ßđđŋħ◌̉ĸłµ◌̂◌̀|ł»¢„“”,;·◌̣
ie(ogam_is434)	Ogham (IS434)
`1234567890-=qwertyuiop  asdfghjkl  #\zxcvbnm,./
¬!"£$%^&*()_+QWERTYUIOP  ASDFGHJKL  ~|ZXCVBNM<>?
᚜   €  ⁊     ᚊᚕᚓᚏᚈᚘᚒᚔᚑᚚ  ᚐᚄᚇᚃᚌᚆᚗᚖᚂ   ᚛ᚎᚙᚉᚍᚁᚅᚋ᚜᚛
pk(ara)	Arabic (Pakistan)
ٍ۱۲۳۴۵۶۷۸۹۰أؤقوعرتےءیہپ][اسدفگھجکل؛ٰ؎|زشچطبنم،۔
ً! /ئ ٌۖٔ)(ّآْ£¥ڑٹ ،ٰۃُٰٰٓصڈ غحضخؓ:"ؔ¦ذژثظؒں َِ؟
                                     |
pk(snd)	Sindhi
’1234567890ڏڌقصيرتٿعڳوپڇچاسدفگهجڪلکڱڍ<زخطڀبنم،.ئ
‘!ٰءءءء۽*)(_+َضِڙٽثغھُڦڃڄآشڊڦگحجۡ:؛ـٺ>ذّظءٻڻ۾“”؟
 ؐؑؓؒ…•    -=ًﷺٖ ة   ٗ   ى    ہﷻ    ||ْ  ؤ  ﷴ ۔/
mv	Dhivehi
`1234567890-=ްއެރތޔުިޮޕ[]ަސދފގހޖކލ;'\|ޒ×ޗވބނމ،./
~!@#$%^&*()_+ޤޢޭޜޓޠޫީޯ÷{}ާށޑﷲޣޙޛޚޅ:"|¦ޡޘޝޥޞޏޟ<>؟
                                     |
epo	Esperanto
`1234567890-=ŝĝertŭuiopĵĥasdfghjkl;'\<zĉcvbnm,./
~!@#$%^&*()_+ŜĜERTŬUIOPĴĤASDFGHJKL:"|>ZĈCVBNM<>?
     €       qw   y  {}[]‘’“”        | x   –—
epo(legacy)	Esperanto (legacy)
`1234567890-=ŝĵertĝuiop[]asdfghjklŭĥ\<zĉcvbnm,./
~!"#$%'&*()_+ŜĴERTĜUIOP{}ASDFGHJKLŬĤ|>ZĈCVBNM;:?
             @^€—–       <>“”        |‘’
np	Nepali
ऽ१२३४५६७८९०- टौेरतयुिोपइएासदउगहजकल;'ॐ<षडचवबनम,।्
़!@#$%^&*()॒ ठऔैृथञूीओफईऐआशधऊघअझख॥:"ः>ऋढछँभणंङ.?
                                     |
ng	English (Nigeria)
`1234567890-=qwertyuiop[]asdfghjkl;'\<zxcvbnm,./
~!@#₦%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|>ZXCVBNM<>?
    $                                |
ng(igbo)	Igbo
`1234567890-=ịwertyuiopọ]asdfghjklụ'\<zṅcvbnm,./
~!@#₦%^&*()_+ỊWERTYUIOPỌ}ASDFGHJKLỤ"|>ZṄCVBNM<>?
    $        q         [          ;  | x
ng(yoruba)	Yoruba
`1234567890-=ẹwertyuiop[]asdfghjkl;'\<zọcṣbnm,./
~!@#₦%^&*()_+ẸWERTYUIOP{}ASDFGHJKL:"|>ZỌCṢBNM<>?
    $        q                       | x v
ng(hausa)	Hausa (Nigeria)
`1234567890-=qüertyuiopƴǧasɗfghjklıǝ\<ɲxcvbnñ,çş
~!@#₦%^&*()_+QÜERTYUIOPƳǦASƊFGHJKLİƎ|>ƝXCVBNÑ<ÇŞ
    $        qw€       []  d      ;' |z     m ./
et	Amharic
 ፩፪፫፬፭፮፯፰፱፻-=ቀወ﹩ረተየ ﹱﹳፐፀጨ ሰደፈገሀጀከለ።፦ <ዘአቸሸበነመ፣፤፧
 ፲፳፴፵፶፷፸፹፺፼_+ቐ ﹰ ጠ ﹶﹲﹴጰጸኀ﹨ሠዸ ጘሐ ኸ ፡፥‐>ዠዐﹸቨ ኘ   ?
                                     |
sn	Wolof
²&é"'(-è_çà)=azertyuiopŋ$qsdfghjklmñµ<wxcvbn,;:!
%1234567890°+AZERTYUIOPŊ£QSDFGHJKLMÑ£>WXCVBN?./§
¬|~#{[|◌̀\^@]}æ«€¶ŧ←↓→øþ[¤@ßðđŋħ◌̉ĸłµ´`|ł»¢„“”¿•·¡
tm	Turkmen
ž1234567890-=äwertyuiopňöasdfghjkl;'ş<züçýbnm,./
Ž!@#$%^&*()_+ÄWERTYUIOPŇÖASDFGHJKL:"Ş>ZÜÇÝBNM<>?
`            q         []           \| xcv
tz	Swahili (Tanzania)
ٰ١٢٣٤٥٦٧٨٩٠-=قوٖرتيُِْپ  َسدفڠهجكل؛ء\<زخچڨبنم،۔
     ٪   ﴾﴿ـ+گؤعٹطىٌئٗة  اصضًغح ٍّ  |>ظ شثذ  إأ؟
                                     |
ke(kik)	Kikuyu
`1234567890-=ĩwertyuiop[]asdfghjkl;'\<zũcvbnm,./
~!@#$%^&*()_+ĨWERTYUIOP{}ASDFGHJKL:"|>ZŨCVBNM<>?
¬¹@³¼½¬{[]}\◌̧qſ€¶ŧ←↓→øþ◌̈◌̃æßðđŋħxĸł◌́◌̂◌̀|«»¢„“”µ•·◌̣
ph(capewell-dvorak)	Filipino (Capewell-Dvorak, Latin)
`1234567890[]',.pyqfgrk/=oaeiudhtns-\<zxcvjlmwb;
~!@#$%^&*(){}"<>PYQFGRK?+OAEIUDHTNS_|>ZXCVJLMWB:
̀¹²³¼½¾⅛⅜⅝⅞  ̧́…₱¥   ® ÷±øæœı   ™ñ§¬ə|«×©“  µ ”
ph(capewell-qwerf2k6)	Filipino (Capewell-QWERF 2006, Latin)
`1234567890-=qwerfjykl;[]asdtghuiop'\<zxcvbnm,./
~!@#$%^&*()_+QWERFJYKL:{}ASDTGHUIOP"|>ZXCVBNM<>?
̀¹²³¼½¾⅛⅜⅝⅞¬±  œ®  ¥     æ§ ™   ıø₱́ə|«×©“”ñµ̧…÷
ph(colemak)	Filipino (Colemak, Latin)
`1234567890-=qwfpgjluy;[]arstdhneio'\<zxcvbkm,./
~!@#$%^&*()_+QWFPGJLUY:{}ARSTDHNEIO"|>ZXCVBKM<>?
̀¹²³¼½¾⅛⅜⅝⅞¬±   ₱    ¥   æ®§™  ñœıǿə|«×©“” µ̧…÷
md(gag)	Moldavian (Gagauz)
`1234567890-=ţêertyuiopöüasdfghjklşı\<zçcvbnmä,.
~!"#;%:?*()_+ŢÊERTYUİOPÖÜASDFGHJKLŞI|>ZÇCVBNMÄ<>
  @ $€^&     qw     i  []          ' | x       /
id(phonetic)	Indonesian (Arab Pegon, phonetic)
`١٢٣٤٥٦٧٨٩٠-=قوىرتيؤئءڤ][اسدفݢهجکل؛«\|زخچثبنم،./
~!@# ٪^&*)(ـ+آ ع ة  إٴ }{أش  ڠح ك :»|¦ذ    ڽ ><؟
 1234567890      ط        صض غ    ;'  ظ      ,۔؍
jv	Indonesian (Javanese)
꧞꧑꧒꧓꧔꧕꧖꧗꧘꧙꧐ꦎꦉꦐꦮꦼꦫꦠꦪꦸꦶꦺꦥ꧊꧌ꦻꦱꦢꦝꦒꦲꦗꦏꦭ꧇ꦵ꧀|ꦔꦚꦕꦛꦧꦤꦩ꧈꧉ꦂ
꧟꧆ꧏ꧃꧄꧅ꦿꦽ꦳꧁꧂_ꦋꦰꦍꦌꦬꦡꦾꦹꦷꦴꦦ꧋꧍ꦄꦯꦣꦞꦓꦃꦙꦑꦊꦈ"ꦅ¦ꦁꦘꦖꦜꦨꦟꦀꦆꦇ?
                                     |
my	Malay (Jawi, Arabic Keyboard)
 ١٢٣٤٥٦٧٨٩٠-=ضصثقفغعهخکجدشسيبلاتنمکط\|ئءؤرﻻىةوزظ
 !@#$٪^&*)(_+چڠڬـﻹإ`÷×؛<>ۏڨ][ﻷأـ،/:"|¦~ڽ}{ﻵآ' .؟
 1234567890      ڤ     چ    پ     گ  |»«     ,
my(phonetic)	Malay (Jawi, phonetic)
 ١٢٣٤٥٦٧٨٩٠-=قوعرتيويعڤ][اسدفڬهجكل؛'\|زخچۏبنم،./
 !ءأآإئؤ )(_+ڤّغغةىطـ ت}{آشضڤڠحچقﻻ:"|¦ذحﺹظپڽآ><؟
 1234567890                          |
"""
