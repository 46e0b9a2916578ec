### Arabic, from right to left. The keys and their variables are those of `en.ftl`.
###
### In a message a name stands between isolates, so that a Latin one turns nothing around; pages isolate it in HTML.

## The frame of every page

frame-sandbox = بيئة تجريبية.
frame-sandbox-means = للاختبار فقط. لا شيء هنا حقيقي.
frame-secured-by = محمي بواسطة Aboard
frame-language = اللغة
flash-from-elsewhere = جاء هذا الطلب من موقع آخر، فلم يُنفَّذ شيء. إن كنت تقصده فاضغط الزر هنا.

## Times, in UTC

month = { $month ->
    [1] يناير
    [2] فبراير
    [3] مارس
    [4] أبريل
    [5] مايو
    [6] يونيو
    [7] يوليو
    [8] أغسطس
    [9] سبتمبر
    [10] أكتوبر
    [11] نوفمبر
   *[12] ديسمبر
}
day = { $day } { $month } { $year }
moment = { $day }، { $time } بالتوقيت العالمي
moment-time = { $time } بالتوقيت العالمي
moment-today = اليوم { $time } بالتوقيت العالمي

## A login link

link-title = تسجيل الدخول
link-sent-you-here = أرسلتك إلى هنا { $partner }
link-log-in-to = تسجيل الدخول إلى { $organization }
link-continue-as = المتابعة باسم { $user }
link-works-until = يعمل هذا الرابط مرة واحدة وحتى { $when }.
link-not-yours = إذا لم تطلبه فأغلق هذه الصفحة.

replace-title = مستخدم آخر مسجَّل الدخول
replace-question = أنت مسجَّل الدخول باسم { $current }. هل تريد المتابعة باسم { $user } بدلًا منه؟
replace-stay = البقاء كما أنا
replace-what-happens = إذا تابعت فسيُسجَّل خروج المستخدم الآخر من هذا المتصفح.

gone-heading = هذا الرابط لا يعمل
gone-what-happened = يعمل الرابط مرة واحدة ولوقت قصير فقط. هذا الرابط استُخدم من قبل أو انتهت صلاحيته أو أنه غير كامل.
gone-what-to-do = ارجع إلى المكان الذي حصلت منه على الرابط واطلب رابطًا جديدًا.
gone-account = الذهاب إلى حسابك
gone-account-hint = إذا كنت قد سجَّلت الدخول بهذا الرابط للتو فأنت مسجَّل الدخول بالفعل.

## The account

account-title = حسابك
contact-email = البريد الإلكتروني
contact-phone = الهاتف
contact-confirmed = مؤكَّد
contact-not-confirmed = لم يُؤكَّد بعد
account-signed-in = تسجيل الدخول
account-through = عن طريق { $partner }، { $when }
account-user-id = معرّف المستخدم
account-log-out = تسجيل الخروج
account-log-out-means = يُخرجك من هذا المتصفح.
account-log-out-everywhere = تسجيل الخروج من كل مكان
account-log-out-everywhere-means = يُخرجك من كل متصفح وتطبيق دخل عبر { $partner }، ومن هذا أيضًا. استخدمه إذا فقدت جهازًا أو رأيت شيئًا لم تفعله.

signed-out-heading = لقد سجَّلت الخروج
signed-out-no-session = لست مسجَّل الدخول
signed-out-here-means = لم يعد بإمكان هذا المتصفح الوصول إلى حسابك.
signed-out-everywhere-means = لم يعد بإمكان أي متصفح أو تطبيق دخل بالطريقة نفسها الوصول إلى حسابك.
signed-out-no-session-means = لا أحد مسجَّل الدخول في هذا المتصفح، أو أن الجلسة انتهت.
signed-out-come-back = لتسجيل الدخول اذهب إلى الموقع أو التطبيق الذي جاء بك إلى هنا واطلب رابطًا جديدًا.

## Two accounts become one

join-title = دمج حسابين
join-lead = العنوان الذي أكدته مؤكَّد من قبل في حساب آخر. إذا كان الحسابان لك فيمكنك دمجهما في حساب واحد.
join-first = الحساب الذي كنت فيه
join-second = الحساب الذي لديه العنوان
join-not-yours = إذا لم يكن أحدهما لك فأغلق هذه الصفحة ولن يتغير شيء. لا أحد في { $organization } يستطيع دمج الحسابات نيابة عنك.
join-prove = أثبت أولًا أن الحسابين لك: نرسل رمزًا لكل منهما وتكتبه هنا.
join-send = إرسال رمز إلى { $address }
join-sent = أُرسل رمز إلى { $address }. يتكون من 8 أحرف وأرقام.
join-code = الرمز
join-check = تحقق من الرمز
join-shown = لقد أثبت أن هذا الحساب لك.
join-wrong-code = هذا الرمز خاطئ أو انتهت صلاحيته أو استُخدم من قبل. تحقق منه أو اطلب رمزًا جديدًا.
join-wait = { $minutes ->
    [one] طُلبت رموز كثيرة. حاول مرة أخرى بعد دقيقة.
    [two] طُلبت رموز كثيرة. حاول مرة أخرى بعد دقيقتين.
    [few] طُلبت رموز كثيرة. حاول مرة أخرى بعد { $minutes } دقائق.
   *[other] طُلبت رموز كثيرة. حاول مرة أخرى بعد { $minutes } دقيقة.
}
join-review = الحسابان لك. هذا ما سيحدث إذا دمجتهما:
join-keeps = الحساب الذي يبقى
join-moves = ما ينتقل إلى الحساب الذي يبقى
join-name = الاسم
join-plan = الخطة
join-brought-by = مصدره
join-keys = { $count ->
    [one] مفتاح تطبيق واحد
    [two] مفتاحا تطبيقات
    [few] { $count } مفاتيح تطبيقات
   *[other] { $count } مفتاح تطبيقات
}
join-logs-in = كل بريد إلكتروني وهاتف مؤكَّد في الحسابين يُدخلك إلى الحساب المدموج.
join-sessions = ستُسجَّل خروجك من كل مكان في الحسابين.
join-undo-for = { $days ->
    [one] يمكنك التراجع عن ذلك خلال يوم واحد في هذه الصفحة.
    [two] يمكنك التراجع عن ذلك خلال يومين في هذه الصفحة.
    [few] يمكنك التراجع عن ذلك خلال { $days } أيام في هذه الصفحة.
   *[other] يمكنك التراجع عن ذلك خلال { $days } يومًا في هذه الصفحة.
}
join-button = دمج الحسابين
join-done = تم دمج الحسابين
join-done-means = سجِّل الدخول من جديد بأي عنوان مؤكَّد لك. احتفظ بعنوان هذه الصفحة: يمكنك التراجع عن الدمج هنا حتى { $when }.
join-undo = التراجع عن الدمج
join-undo-how = للتراجع أثبت مرة أخرى أنك أنت: نرسل رمزًا إلى عنوان من عناوين أحد الحسابين.
join-undo-ready = لقد أثبت أنك أنت. سيعود ما نقله الدمج إلى مكانه وستُسجَّل خروجك من كل مكان.
join-undone = عاد الحسابان منفصلين
join-undone-means = عاد ما نقله الدمج إلى مكانه. سجِّل الدخول من جديد إلى أي من الحسابين.
join-gone = لا شيء للدمج هنا
join-gone-means = انتهت صلاحية هذه الصفحة أو أنها غير كاملة أو أن أحد الحسابين لم يعد موجودًا. أكِّد عنوانك من جديد لتبدأ مرة أخرى.
join-same-partner = لا يمكن دمج هذين الحسابين
join-same-partner-means = لدى { $partner } الحسابان معًا على أنهما عميلان. اطلب من { $partner } الإبقاء على أحدهما فقط ثم أكِّد عنوانك من جديد.
join-two-wallets-means = لدى كليهما محفظة، والحساب الواحد يحمل محفظة واحدة. يبقيان حسابين، ويمكنك الاستمرار في استخدام كل منهما.
join-unprovable-means = الحساب الذي كنت فيه لديه محفظة أو طريقة دخول خاصة به، وليس لديه عنوان مؤكَّد تثبت به أنه لك. يبقيان حسابين، ويمكنك الاستمرار في استخدام كل منهما. إذا كانت لديه محفظة فإن ملف استردادها ينقلها إلى الحساب الآخر.
join-wallet = المحفظة
join-wallet-whole = واحدة بكل ما فيها
join-log-in = تسجيل الدخول
join-by-app = عبر تطبيق وبإفادته هو

confirm-title = تأكيد عنوان جديد
confirm-lead = سيُضاف عنوان آخر إلى حسابك لدى { $organization }. من يقرأ الرسائل هناك يستطيع عندئذ الدخول إلى حسابك واستخدام محفظته إن وُجدت.
confirm-new = العنوان الجديد
confirm-old = عنوانك المؤكَّد
confirm-prove = لتأكيده أثبت أنك أنت: نرسل رمزًا إلى عنوان أكدته من قبل وتكتبه هنا.
confirm-not-yours = إذا لم تطلب هذا فأغلق هذه الصفحة ولا تعطِ الرمز لأحد، ولن يتغير شيء.
confirm-done = تم تأكيد العنوان الجديد
confirm-done-means = يُدخلك من الآن فصاعدًا، وكذلك العناوين التي أكدتها من قبل.
confirm-gone = لا شيء للتأكيد هنا
confirm-gone-means = انتهت صلاحية هذه الصفحة أو أنها غير كاملة أو أصبح العنوان لحساب آخر. أكِّد عنوانك من جديد لتبدأ مرة أخرى.

## Errors

problem-not-found = لا شيء هنا
problem-not-found-means = لا توجد صفحة بهذا العنوان.
problem-not-found-advice = تحقق من العنوان أو ارجع من حيث أتيت.
problem-wrong-method = هذا لا يعمل هنا
problem-wrong-method-means = هذه الصفحة موجودة، لكن ليس لما طُلب منها.
problem-too-large = كان ذلك كبيرًا جدًا
problem-too-large-means = أُرسل أكثر مما تقبله هذه الصفحة، فلم يُنفَّذ شيء.
problem-too-large-advice = أرسل أقل وحاول مرة أخرى.
problem-wrong-host = عنوان خاطئ
problem-wrong-host-means = لا يجيب هذا الخادم بالاسم الموجود في شريط العنوان.
problem-wrong-host-advice = تحقق من العنوان أو ارجع إلى حيث حصلت عليه.
problem-too-many = محاولات كثيرة جدًا
problem-too-many-means = جاءت طلبات كثيرة في وقت قصير، فلم يُسمح بهذا الطلب.
problem-too-many-advice = انتظر قليلًا وحاول مرة أخرى.
problem-bad-request = تعذرت قراءة ذلك
problem-bad-request-means = كان في الطلب شيء ناقص أو غير متوقع، فلم يُنفَّذ شيء.
problem-go-back = ارجع وحاول مرة أخرى من الصفحة التي أتيت منها.
problem-unavailable = يرجى المحاولة بعد قليل
problem-unavailable-means = لا يستطيع الخادم الإجابة الآن. لا يمكننا القول هل تمت خطوتك الأخيرة.
problem-unavailable-advice = انتظر لحظة وحمِّل الصفحة من جديد.
problem-internal = حدث خطأ ما
problem-internal-means = الخطأ منا وليس منك.
problem-internal-advice = حاول مرة أخرى. إذا استمر الأمر فأبلغنا بمعرّف الطلب أدناه.
problem-wait-seconds = { $seconds ->
    [one] حاول مرة أخرى بعد ثانية.
    [two] حاول مرة أخرى بعد ثانيتين.
    [few] حاول مرة أخرى بعد { $seconds } ثوانٍ.
   *[other] حاول مرة أخرى بعد { $seconds } ثانية.
}
problem-wait-minutes = { $minutes ->
    [one] حاول مرة أخرى بعد دقيقة.
    [two] حاول مرة أخرى بعد دقيقتين.
    [few] حاول مرة أخرى بعد { $minutes } دقائق.
   *[other] حاول مرة أخرى بعد { $minutes } دقيقة.
}
problem-status = الحالة
problem-request-id = معرّف الطلب

## The developer's pages

home-title = مرحبًا
home-heading = Aboard يعمل
home-what-it-is = الخادم المفتوح المصدر الذي يأتي بالمستخدمين: روابط الدخول والحسابات والمحافظ، على جهازك أنت.
home-try-it = أضف أول مستخدم لك
home-then-open = افتح login_url من الإجابة في هذا المتصفح. يعمل مرة واحدة.
home-addresses = العناوين
home-api-base = عنوان الواجهة البرمجية
home-account-page = صفحة الحساب
home-inbox = الوارد
home-inbox-means = كل رمز كانت هذه البيئة التجريبية سترسله
home-reference = مرجع واجهة البرمجة
home-metrics = القياسات
home-surfaces = ثلاث واجهات ومستخدم واحد
home-partner = الشركاء
home-partner-means = تُدخل منصة الشريك مستخدميها عبر رابط.
home-users = المستخدمون
home-users-means = ينشئ نظامك المستخدمين ويقرأ بياناتهم ويربطهم.
home-wallet = المحافظ
home-wallet-means = يُدخل تطبيقك الناس ويصل إلى محافظهم.

inbox-title = الوارد
inbox-lead = ما كانت هذه البيئة التجريبية سترسله، الأحدث أولًا. لا شيء يخرج منها. تتحدث هذه الصفحة كل بضع ثوانٍ.
inbox-empty = لا شيء بعد. اطلب رمزًا وسيظهر هنا.
inbox-to = إلى { $to }

## Messages

code-log-in = رمز الدخول إلى { "\u2068" }{ $app }{ "\u2069" }
code-confirm-contact = رمز تأكيد جهة الاتصال لدى { "\u2068" }{ $app }{ "\u2069" }
code-export-wallet = رمز لاستخراج مفاتيح محفظتك بطلب من { "\u2068" }{ $app }{ "\u2069" }
code-give-consent = رمز للسماح باستخدام محفظتك من قبل { "\u2068" }{ $app }{ "\u2069" }
code-change-identity = رمز لتغيير طريقة دخولك إلى { "\u2068" }{ $app }{ "\u2069" }
code-join-accounts = رمز لدمج حسابين في حساب واحد بطلب من { "\u2068" }{ $app }{ "\u2069" }
code-trust-device = رمز للوثوق بجهاز جديد لمحفظتك بطلب من { "\u2068" }{ $app }{ "\u2069" }
code-keep-it = لا تشاركه مع أحد.
code-works-for = { $minutes ->
    [one] صالح لمدة دقيقة واحدة.
    [two] صالح لمدة دقيقتين.
    [few] صالح لمدة { $minutes } دقائق.
   *[other] صالح لمدة { $minutes } دقيقة.
}
code-not-you = إذا لم تطلبه فلا تفعل شيئًا: لا يستطيع أحد المتابعة من دون الرمز.

## Notices

notice-contact-changed = تغيّرت بيانات الاتصال الخاصة بك لدى { "\u2068" }{ $app }{ "\u2069" }
notice-contact-changed-means = أُدخل لك بريد إلكتروني آخر أو رقم هاتف آخر. تستطيع الدخول بهذا العنوان إلى أن يُؤكَّد الجديد.
notice-address-added = عنوان آخر يدخل إلى حسابك لدى { "\u2068" }{ $app }{ "\u2069" }
notice-address-added-means = أُكِّد لحسابك بريد إلكتروني آخر أو رقم هاتف آخر. يمكن الدخول به من الآن فصاعدًا، وبهذا العنوان أيضًا.
notice-wallet-recovered = نُقلت محفظتك لدى { "\u2068" }{ $app }{ "\u2069" } إلى تسجيل دخول آخر
notice-wallet-recovered-means = نقلها شخص يملك سر استعادتها. لم يعد تسجيل الدخول هذا يصل إليها، وسُجّل خروجه من كل مكان.
notice-wallet-export = طُلبت عبارة محفظتك لدى { "\u2068" }{ $app }{ "\u2069" }
notice-wallet-export-means = من يملكها يملك المحفظة إلى الأبد. تُسلَّم بعد حين إلى من طلبها برمز من رموزك.
notice-new-device = سُجِّل الدخول إلى محفظتك لدى { "\u2068" }{ $app }{ "\u2069" } من جهاز جديد
notice-new-device-means = حدث ذلك في { "\u2068" }{ $app }{ "\u2069" } بتاريخ { "\u2068" }{ $when }{ "\u2069" } بالتوقيت العالمي.
notice-new-device-not-you = إن لم تكن أنت فسجّل الخروج من كل مكان: { $page }
notice-webhook-disabled = أُوقف webhook يخص { "\u2068" }{ $app }{ "\u2069" }
notice-webhook-disabled-means = العنوان { "\u2068" }{ $url }{ "\u2069" } يفشل منذ أيام أو يقول إنه لم يعد موجودًا، فلم يعد يُبلَّغ بشيء. أصلحه وشغّله من جديد ثم أعد إرسال ما فاته.
notice-not-you = إذا لم تكن أنت من فعل ذلك فأبلغ { "\u2068" }{ $app }{ "\u2069" } فورًا.

## An app asks for a wallet

consent-title = محفظتك
consent-asks = يطلب { $app } استخدام محفظتك
consent-could = يمكنه أن يوقّع بها الرسائل والمعاملات ما دمت مسجّل الدخول هناك، وأن يرى عناوينها. ولا يمكنه أن يرى سرّ الاستعادة ولا أن ينقل المحفظة إلى تسجيل دخول آخر.
consent-send = أرسل لي رمزًا
consent-goes-to = يُرسل الرمز إلى العنوان الذي تسجّل الدخول به. لا يتغير شيء قبل أن تكتبه هنا.
consent-type = اكتب الرمز
consent-wrong = هذا الرمز خاطئ أو انتهت صلاحيته أو استُخدم من قبل. تحقق منه أو اطلب رمزًا جديدًا.
consent-code = الرمز
consent-allow = السماح لـ { $app } باستخدام محفظتي
consent-stop = عدم السماح له بعد الآن
consent-again = إرسال رمز آخر
consent-allowed = يجوز لـ { $app } استخدام محفظتك
consent-go-back = عُد إليه وتابع. يمكنك سحب هذا الإذن من هذه الصفحة في أي وقت.
consent-taken-back = لا يجوز لـ { $app } استخدام محفظتك
consent-from-now = يسري ذلك من الآن.
consent-moved = انتقلت هذه المحفظة
consent-moved-means = انتقلت إلى تسجيل دخول آخر بينما كنت تكتب الرمز، فلم يُسمح بشيء. القرار لمن هي لديه الآن.
consent-no-address = لا يوجد مكان يُرسل إليه رمز
consent-no-address-means = لم يُثبت صاحب هذه المحفظة عنوان بريد إلكتروني أو رقم هاتف. سجّل الدخول بأحدهما أولًا.
consent-may = يجوز له
consent-may-send = توقيع كل شيء وإرساله
consent-may-sign = توقيع الرسائل فقط
consent-for = لمدة
consent-for-day = يوم واحد
consent-for-month = 30 يومًا
consent-for-always = ما دمت لم أسحب الإذن

## The phrase of a wallet is asked for

export-title = عبارة محفظتك
export-asks = يطلب { $app } عبارة محفظتك
export-means = من يملك هذه الكلمات يملك المحفظة، إلى الأبد ودون هذا الخادم. تُرسل إلى البرنامج الذي طلبها، مختومة بحيث لا يقرؤها سواه.
export-allow = السماح لـ { $app } بأخذ عبارتي
export-stop = إيقاف هذا
export-waits = يمكن أخذ العبارة ابتداءً من { $when }
export-waits-means = حتى ذلك الحين يمكنك إيقافه من هذه الصفحة. إن لم تطلبه أنت فافعل ذلك الآن.
export-over = انتهى هذا الطلب
export-over-means = أُخذت العبارة، أو أوقف أحدهم الطلب، أو انقضى وقته. لن يحدث شيء آخر هنا.

## A log-in on a new device waits

device-title = جهاز جديد
device-asks = { $app }: تسجيل دخول من جهاز جديد
device-means = يمكنه رؤية محفظتك، ولا يمكنه الإرسال ولا التوقيع ولا إخراج شيء حتى { $when }. إن كنت أنت فأثبت عنوانًا آخر لك، فيُسمح له بكل شيء الآن.
device-goes-to = يُرسل الرمز إلى عنوان لك لم يُستخدم في تسجيل الدخول هذا. إن لم تكن أنت فلا تفعل شيئًا هنا، وسجّل الخروج من كل مكان.
device-allow = هذا جهازي
device-done = يُسمح لهذا الجهاز بكل شيء الآن
device-done-means = عد إلى { $app } وتابع.
device-over = لا يلزم شيء
device-over-means = تسجيل الدخول هذا لا ينتظر، أو لم يعد ينتظر. عد وحاول من جديد.
device-nowhere = ينتهي ذلك من تلقاء نفسه في { $when }
device-nowhere-means = ليس لك عنوان آخر أُثبت قبل تسجيل الدخول هذا بيوم أو أكثر، فلا يمكن إرسال رمز. حتى ذلك الحين يرى تسجيل الدخول محفظتك ولا يفعل غير ذلك.
