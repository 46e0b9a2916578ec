### Indonesian. The keys and their variables are those of `en.ftl`.

## The frame of every page

frame-sandbox = Lingkungan uji.
frame-sandbox-means = Hanya untuk pengujian. Tidak ada yang nyata di sini.
frame-secured-by = Diamankan oleh Aboard
frame-language = Bahasa
flash-from-elsewhere = Permintaan itu datang dari situs lain, jadi tidak ada yang dilakukan. Jika memang itu maksud Anda, tekan tombol di sini.

## Times, in UTC

month = { $month ->
    [1] Januari
    [2] Februari
    [3] Maret
    [4] April
    [5] Mei
    [6] Juni
    [7] Juli
    [8] Agustus
    [9] September
    [10] Oktober
    [11] November
   *[12] Desember
}
day = { $day } { $month } { $year }
moment = { $day }, { $time } UTC
moment-time = { $time } UTC
moment-today = hari ini { $time } UTC

## A login link

link-title = Masuk
link-sent-you-here = { $partner } mengirim Anda ke sini
link-log-in-to = Masuk ke { $organization }
link-continue-as = Lanjutkan sebagai { $user }
link-works-until = Tautan ini berlaku satu kali dan sampai { $when }.
link-not-yours = Jika Anda tidak memintanya, tutup halaman ini.

replace-title = Pengguna lain sedang masuk
replace-question = Anda masuk sebagai { $current }. Lanjutkan sebagai { $user }?
replace-stay = Tetap masuk
replace-what-happens = Jika Anda melanjutkan, pengguna lain akan keluar dari peramban ini.

gone-heading = Tautan ini tidak berfungsi
gone-what-happened = Sebuah tautan berlaku satu kali dan hanya sebentar. Tautan ini sudah dipakai, sudah kedaluwarsa, atau tidak lengkap.
gone-what-to-do = Kembali ke tempat Anda mendapatkan tautan ini dan mintalah yang baru.
gone-account = Ke akun Anda
gone-account-hint = Jika Anda baru saja masuk dengan tautan ini, Anda sudah masuk.

## The account

account-title = Akun Anda
contact-email = E-mail
contact-phone = Telepon
contact-confirmed = terkonfirmasi
contact-not-confirmed = belum terkonfirmasi
account-signed-in = Masuk
account-through = melalui { $partner }, { $when }
account-user-id = ID pengguna
account-log-out = Keluar
account-log-out-means = Mengeluarkan Anda dari peramban ini.
account-log-out-everywhere = Keluar dari semua tempat
account-log-out-everywhere-means = Mengeluarkan Anda dari setiap peramban dan aplikasi yang masuk melalui { $partner }, termasuk yang ini. Gunakan jika Anda kehilangan perangkat atau melihat sesuatu yang tidak Anda lakukan.

signed-out-heading = Anda sudah keluar
signed-out-no-session = Anda belum masuk
signed-out-here-means = Peramban ini tidak lagi memiliki akses ke akun Anda.
signed-out-everywhere-means = Tidak ada lagi peramban atau aplikasi yang masuk dengan cara yang sama yang memiliki akses ke akun Anda.
signed-out-no-session-means = Tidak ada yang masuk di peramban ini, atau sesinya sudah berakhir.
signed-out-come-back = Untuk masuk, buka situs atau aplikasi yang membawa Anda ke sini dan mintalah tautan baru.

## Two accounts become one

join-title = Gabungkan dua akun
join-lead = Alamat yang Anda konfirmasi sudah dikonfirmasi oleh akun lain. Jika keduanya milik Anda, Anda dapat menggabungkannya menjadi satu.
join-first = Akun yang sedang Anda pakai
join-second = Akun yang memiliki alamat itu
join-not-yours = Jika salah satunya bukan milik Anda, tutup halaman ini: tidak ada yang berubah. Tidak ada orang di { $organization } yang dapat menggabungkan akun untuk Anda.
join-prove = Tunjukkan dulu bahwa keduanya milik Anda: kami mengirim kode untuk masing-masing, lalu Anda mengetiknya di sini.
join-send = Kirim kode ke { $address }
join-sent = Kode sedang dikirim ke { $address }. Panjangnya 8 karakter.
join-code = Kode
join-check = Periksa kode
join-shown = Anda telah menunjukkan bahwa akun ini milik Anda.
join-wrong-code = Kode ini salah, kedaluwarsa, atau sudah dipakai. Periksa lagi, atau kirim yang baru.
join-wait = { $minutes ->
   *[other] Terlalu banyak kode diminta. Coba lagi dalam { $minutes } menit.
}
join-review = Kedua akun milik Anda. Inilah yang terjadi jika Anda menggabungkannya:
join-keeps = Akun yang tetap ada
join-moves = Yang berpindah ke akun yang tetap ada
join-name = Nama
join-plan = Paket
join-brought-by = Berasal dari
join-keys = { $count ->
   *[other] { $count } kunci aplikasi
}
join-logs-in = Setiap e-mail dan telepon terkonfirmasi dari keduanya dapat dipakai untuk masuk ke akun gabungan.
join-sessions = Anda dikeluarkan dari semua tempat, di kedua akun.
join-undo-for = { $days ->
   *[other] Anda dapat membatalkannya selama { $days } hari, di halaman ini.
}
join-button = Gabungkan akun
join-done = Kedua akun sudah digabungkan
join-done-means = Masuk lagi dengan alamat terkonfirmasi Anda yang mana pun. Simpan alamat halaman ini: Anda dapat membatalkan penggabungan di sini sampai { $when }.
join-undo = Batalkan penggabungan
join-undo-how = Untuk membatalkannya, tunjukkan sekali lagi bahwa ini Anda: kami mengirim kode ke alamat salah satu akun.
join-undo-ready = Anda telah menunjukkan bahwa ini Anda. Yang dipindahkan akan kembali, dan Anda dikeluarkan dari semua tempat.
join-undone = Kedua akun terpisah lagi
join-undone-means = Yang dipindahkan sudah kembali ke tempatnya. Masuk lagi ke salah satu akun.
join-gone = Tidak ada yang dapat digabungkan di sini
join-gone-means = Halaman ini sudah kedaluwarsa, tidak lengkap, atau salah satu akun sudah tidak ada. Konfirmasikan alamat Anda lagi untuk memulai dari awal.
join-same-partner = Kedua akun ini tidak dapat digabungkan
join-same-partner-means = { $partner } mengenal keduanya sebagai dua pelanggan. Minta { $partner } menyimpan salah satu saja, lalu konfirmasikan alamat Anda lagi.
join-two-wallets-means = Keduanya memiliki dompet, dan satu akun hanya memegang satu. Keduanya tetap dua akun; Anda dapat terus memakai masing-masing.
join-unprovable-means = Akun yang sedang Anda pakai memiliki dompet atau cara masuk sendiri, tetapi tidak memiliki alamat terkonfirmasi untuk menunjukkan bahwa akun itu milik Anda. Keduanya tetap dua akun; Anda dapat terus memakai masing-masing. Jika akun itu memiliki dompet, berkas pemulihannya memindahkan dompet ke akun yang lain.
join-wallet = Dompet
join-wallet-whole = Satu, dengan seluruh isinya
join-log-in = Cara masuk
join-by-app = melalui aplikasi, atas pernyataan aplikasi itu

confirm-title = Konfirmasikan alamat baru
confirm-lead = Akun Anda di { $organization } akan mendapat alamat lain. Siapa pun yang membaca pesan di sana lalu dapat masuk ke akun Anda, dan memakai dompetnya jika ada.
confirm-new = Alamat baru
confirm-old = Alamat terkonfirmasi Anda
confirm-prove = Untuk mengonfirmasinya, tunjukkan bahwa ini Anda: kami mengirim kode ke alamat yang sudah Anda konfirmasi, lalu Anda mengetiknya di sini.
confirm-not-yours = Jika bukan Anda yang memintanya, tutup halaman ini dan jangan berikan kode itu kepada siapa pun: tidak ada yang berubah.
confirm-done = Alamat baru sudah dikonfirmasi
confirm-done-means = Mulai sekarang alamat itu dapat dipakai untuk masuk, begitu pula alamat yang sudah Anda konfirmasi sebelumnya.
confirm-gone = Tidak ada yang perlu dikonfirmasi di sini
confirm-gone-means = Halaman ini sudah kedaluwarsa, tidak lengkap, atau alamat itu kini dimiliki akun lain. Konfirmasikan alamat Anda lagi untuk memulai dari awal.

## Errors

problem-not-found = Tidak ada apa-apa di sini
problem-not-found-means = Tidak ada halaman dengan alamat ini.
problem-not-found-advice = Periksa alamatnya, atau kembali ke tempat asal Anda.
problem-wrong-method = Itu tidak berfungsi di sini
problem-wrong-method-means = Halaman ini ada, tetapi bukan untuk yang diminta darinya.
problem-too-large = Itu terlalu besar
problem-too-large-means = Yang dikirim melebihi yang diterima halaman ini, jadi tidak ada yang dilakukan.
problem-too-large-advice = Kirim lebih sedikit dan coba lagi.
problem-wrong-host = Alamat salah
problem-wrong-host-means = Server ini tidak menjawab dengan nama di bilah alamat Anda.
problem-wrong-host-advice = Periksa alamatnya, atau kembali ke tempat Anda mendapatkannya.
problem-too-many = Terlalu banyak percobaan
problem-too-many-means = Ada banyak permintaan dalam waktu singkat, jadi yang ini tidak diteruskan.
problem-too-many-advice = Tunggu sebentar dan coba lagi.
problem-bad-request = Itu tidak dapat dibaca
problem-bad-request-means = Ada yang kurang atau tidak sesuai dalam permintaan itu, jadi tidak ada yang dilakukan.
problem-go-back = Kembali dan coba lagi dari halaman asal Anda.
problem-unavailable = Silakan coba lagi nanti
problem-unavailable-means = Server tidak dapat menjawab sekarang. Kami tidak tahu apakah langkah terakhir Anda sudah dilakukan.
problem-unavailable-advice = Tunggu sebentar dan muat ulang halaman.
problem-internal = Terjadi kesalahan
problem-internal-means = Kesalahannya di pihak kami, bukan Anda.
problem-internal-advice = Coba lagi. Jika tetap begini, sampaikan ID permintaan di bawah.
problem-wait-seconds = { $seconds ->
   *[other] Coba lagi dalam { $seconds } detik.
}
problem-wait-minutes = { $minutes ->
   *[other] Coba lagi dalam { $minutes } menit.
}
problem-status = Status
problem-request-id = ID permintaan

## The developer's pages

home-title = Selamat datang
home-heading = Aboard berjalan
home-what-it-is = Server sumber terbuka yang membawa pengguna masuk: tautan masuk, akun, dan dompet, di mesin Anda sendiri.
home-try-it = Bawa pengguna pertama Anda
home-then-open = Buka login_url dari jawabannya di peramban ini. Berlaku satu kali.
home-addresses = Alamat
home-api-base = Alamat dasar API
home-account-page = Halaman akun
home-inbox = Kotak masuk
home-inbox-means = Setiap kode yang seharusnya dikirim lingkungan uji ini
home-reference = Referensi API
home-metrics = Metrik
home-surfaces = Tiga antarmuka, satu pengguna
home-partner = Mitra
home-partner-means = Platform mitra memasukkan penggunanya dengan tautan.
home-users = Pengguna
home-users-means = Sistem Anda membuat, membaca, dan menautkan pengguna.
home-wallet = Dompet
home-wallet-means = Aplikasi Anda memasukkan orang dan menjangkau dompet mereka.

inbox-title = Kotak masuk
inbox-lead = Yang seharusnya dikirim lingkungan uji ini, terbaru lebih dulu. Tidak ada yang keluar. Halaman ini memeriksa lagi setiap beberapa detik.
inbox-empty = Belum ada. Minta sebuah kode, dan kode itu muncul di sini.
inbox-to = Kepada { $to }

## Messages

code-log-in = Kode Anda untuk masuk ke { $app }
code-confirm-contact = Kode Anda untuk mengonfirmasi kontak ini di { $app }
code-export-wallet = Kode untuk MENGELUARKAN KUNCI DOMPET ANDA, diminta di { $app }
code-give-consent = Kode untuk MENGIZINKAN { $app } MEMAKAI DOMPET ANDA
code-change-identity = Kode untuk MENGUBAH CARA ANDA MASUK ke { $app }
code-join-accounts = Kode untuk MENGGABUNGKAN DUA AKUN, diminta di { $app }
code-trust-device = Kode untuk MEMERCAYAI PERANGKAT BARU bagi dompet Anda, diminta di { $app }
code-keep-it = Jangan berikan kepada siapa pun.
code-works-for = { $minutes ->
   *[other] Berlaku selama { $minutes } menit.
}
code-not-you = Jika Anda tidak memintanya, abaikan saja: tanpa kode ini tidak ada yang bisa melanjutkan.

## Notices

notice-contact-changed = Data kontak Anda di { $app } telah diubah
notice-contact-changed-means = Alamat e-mail atau nomor telepon lain telah dimasukkan untuk Anda. Anda tetap bisa masuk dengan yang ini sampai yang baru dikonfirmasi.
notice-address-added = Alamat lain kini bisa masuk ke akun Anda di { $app }
notice-address-added-means = Satu lagi alamat e-mail atau nomor telepon telah dikonfirmasi untuk akun Anda. Mulai sekarang alamat itu bisa dipakai untuk masuk, begitu juga yang ini.
notice-wallet-recovered = Dompet Anda di { $app } dipindahkan ke akun masuk lain
notice-wallet-recovered-means = Seseorang yang memegang rahasia pemulihannya telah memindahkannya. Akun masuk ini tidak lagi menjangkaunya, dan telah dikeluarkan dari semua tempat.
notice-wallet-export = Frasa dompet Anda di { $app } diminta
notice-wallet-export-means = Siapa pun yang memilikinya memiliki dompet itu, selamanya. Frasa diserahkan setelah beberapa waktu kepada yang memintanya dengan kode Anda.
notice-new-device = Ada yang masuk ke dompet Anda di { $app } dari perangkat baru
notice-new-device-means = Itu terjadi di { $app }, pada { $when } UTC.
notice-new-device-not-you = Jika bukan Anda, keluar dari semua tempat: { $page }
notice-webhook-disabled = Sebuah webhook milik { $app } dimatikan
notice-webhook-disabled-means = { $url } sudah gagal berhari-hari atau menyatakan sudah tidak ada, sehingga tidak lagi diberi tahu apa pun. Perbaiki, nyalakan lagi, lalu kirim ulang yang terlewat.
notice-not-you = Jika bukan Anda yang melakukannya, segera beri tahu { $app }.

## An app asks for a wallet

consent-title = Dompet Anda
consent-asks = { $app } meminta izin memakai dompet Anda
consent-could = Aplikasi itu dapat menandatangani pesan dan transaksi selama Anda masuk di sana, dan melihat alamatnya. Aplikasi itu tidak dapat melihat rahasia pemulihan Anda, atau memindahkan dompet ke cara masuk lain.
consent-send = Kirimi saya kode
consent-goes-to = Kode dikirim ke alamat yang Anda pakai untuk masuk. Tidak ada yang berubah sebelum Anda mengetiknya di sini.
consent-type = Ketik kodenya
consent-wrong = Kode ini salah, kedaluwarsa, atau sudah dipakai. Periksa lagi, atau minta yang baru.
consent-code = Kode
consent-allow = Izinkan { $app } memakai dompet saya
consent-stop = Jangan izinkan lagi
consent-again = Kirim kode lain
consent-allowed = { $app } boleh memakai dompet Anda
consent-go-back = Kembali ke sana dan lanjutkan. Anda dapat mencabut izin ini di halaman ini kapan saja.
consent-taken-back = { $app } tidak boleh memakai dompet Anda
consent-from-now = Ini berlaku mulai sekarang.
consent-moved = Dompet ini sudah dipindahkan
consent-moved-means = Dompet ini pindah ke cara masuk lain saat Anda mengetik kode, jadi tidak ada yang diizinkan. Pemiliknya sekarang yang memutuskan.
consent-no-address = Tidak ada tujuan untuk mengirim kode
consent-no-address-means = Pemilik dompet ini belum membuktikan alamat e-mail atau nomor telepon. Masuklah dengan salah satunya dahulu.
consent-may = Aplikasi ini boleh
consent-may-send = menandatangani dan mengirim semuanya
consent-may-sign = menandatangani pesan saja
consent-for = Selama
consent-for-day = satu hari
consent-for-month = 30 hari
consent-for-always = sampai saya mencabutnya

## The phrase of a wallet is asked for

export-title = Frasa dompet Anda
export-asks = { $app } meminta frasa dompet Anda
export-means = Siapa pun yang memiliki kata-kata ini memiliki dompetnya, selamanya dan tanpa server ini. Kata-kata itu dikirim ke program yang memintanya, tersegel sehingga hanya program itu yang dapat membacanya.
export-allow = Berikan frasa saya kepada { $app }
export-stop = Hentikan ini
export-waits = Frasa dapat diambil mulai { $when }
export-waits-means = Sampai saat itu Anda dapat menghentikannya di halaman ini. Jika bukan Anda yang memintanya, hentikan sekarang.
export-over = Ini sudah berakhir
export-over-means = Frasa sudah diambil, seseorang menghentikannya, atau waktunya habis. Tidak ada lagi yang terjadi di sini.

## A log-in on a new device waits

device-title = Perangkat baru
device-asks = { $app }: masuk dari perangkat baru
device-means = Perangkat ini dapat melihat dompet Anda. Ia tidak dapat mengirim, menandatangani, atau mengeluarkan apa pun sampai { $when }. Jika itu Anda, buktikan alamat Anda yang lain, dan ia dapat melakukan semuanya sekarang.
device-goes-to = Kode dikirim ke alamat Anda yang tidak dipakai untuk masuk kali ini. Jika bukan Anda, jangan lakukan apa pun di sini, dan keluarlah dari semua tempat.
device-allow = Ini perangkat saya
device-done = Perangkat ini kini dapat melakukan semuanya
device-done-means = Kembali ke { $app } dan lanjutkan.
device-over = Tidak ada yang perlu dilakukan
device-over-means = Sesi masuk ini tidak menunggu, atau tidak lagi. Kembali dan coba lagi.
device-nowhere = Ini berakhir sendiri pada { $when }
device-nowhere-means = Tidak ada alamat Anda yang lain yang sudah dibuktikan sehari atau lebih sebelum sesi masuk ini, jadi kode tidak dapat dikirim. Sampai saat itu sesi ini dapat melihat dompet Anda dan tidak lebih.
