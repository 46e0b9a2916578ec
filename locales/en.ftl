### Every text that a person reads, in English: pages and messages.
###
### One file for each language, the same keys in each: `build/locales.rs` makes a typed function of every key, and the
### build fails where a file lacks one. The first file, this one, also says of each variable what it is:
### `Number` picks a plural, `Text` is our own (a time), `Name` comes from outside and is isolated and escaped.
### No text holds HTML.

## The frame of every page

frame-sandbox = Sandbox.
frame-sandbox-means = For testing. Nothing here is real.
frame-secured-by = Secured by Aboard
frame-language = Language
flash-from-elsewhere = That request came from another site, so nothing was done. If you meant it, press the button here.

## Times, in UTC

# $month (Number): 1 to 12
month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
# $day (Number)
# $month (Text)
# $year (Number)
day = { $day } { $month } { $year }
# $day (Text)
# $time (Text): like 14:32
moment = { $day }, { $time } UTC
# $time (Text)
moment-time = { $time } UTC
# $time (Text)
moment-today = today { $time } UTC

## A login link

link-title = Log in
# $partner (Name)
link-sent-you-here = { $partner } sent you here
# $organization (Name)
link-log-in-to = Log in to { $organization }
# $user (Name)
link-continue-as = Continue as { $user }
# $when (Text)
link-works-until = This link works once and until { $when }.
link-not-yours = If you did not ask for it, close this page.

replace-title = Another user is signed in
# $current (Name)
# $user (Name)
replace-question = You are signed in as { $current }. Continue as { $user } instead?
replace-stay = Stay signed in
replace-what-happens = If you continue, the other user is signed out of this browser.

gone-heading = This link does not work
gone-what-happened = A link works once, and only for a short time. This one was used already, has expired, or is not complete.
gone-what-to-do = Go back to where you got the link and ask for a new one.
gone-account = Go to your account
gone-account-hint = If you have just logged in with this link, you are signed in already.

## The account

account-title = Your account
contact-email = E-mail
contact-phone = Phone
contact-confirmed = confirmed
contact-not-confirmed = not confirmed yet
account-signed-in = Signed in
# $partner (Name)
# $when (Text)
account-through = through { $partner }, { $when }
account-user-id = User id
account-log-out = Log out
account-log-out-means = Signs you out of this browser.
account-log-out-everywhere = Log out everywhere
# $partner (Name)
account-log-out-everywhere-means = Signs you out of every browser and app that came in through { $partner }, this one too. Use it if you lost a device or see something you did not do.

signed-out-heading = You are signed out
signed-out-no-session = You are not signed in
signed-out-here-means = This browser no longer has access to your account.
signed-out-everywhere-means = No browser or app that came in the same way has access to your account any more.
signed-out-no-session-means = There is nobody signed in to this browser, or the session has ended.
signed-out-come-back = To sign in, go to the site or app that brought you here and ask for a new link.

## Two accounts become one

join-title = Join two accounts
join-lead = The address you confirmed is already confirmed by another account. If both are yours, you can join them into one.
join-first = The account you were in
join-second = The account that has the address
# $organization (Name)
join-not-yours = If one of them is not yours, close this page: nothing changes. Nobody at { $organization } can join accounts for you.
join-prove = First show that both are yours: we send a code for each, and you type it here.
# $address (Name)
join-send = Send a code to { $address }
# $address (Name)
join-sent = A code is on its way to { $address }. It has 8 characters.
join-code = Code
join-check = Check the code
join-shown = You have shown that this account is yours.
join-wrong-code = This code is wrong, expired or already used. Check it, or send a new one.
# $minutes (Number)
join-wait = { $minutes ->
    [one] Too many codes were asked for. Try again in a minute.
   *[other] Too many codes were asked for. Try again in { $minutes } minutes.
}
join-review = Both accounts are yours. This is what happens if you join them:
join-keeps = The account that stays
join-moves = What moves into the account that stays
join-name = Name
join-plan = Plan
join-brought-by = Comes from
# $count (Number)
join-keys = { $count ->
    [one] 1 key of an app
   *[other] { $count } keys of apps
}
join-logs-in = Each confirmed e-mail and phone of both logs you in to the joined account.
join-sessions = You are signed out everywhere, in both accounts.
# $days (Number)
join-undo-for = { $days ->
    [one] You can undo it for 1 day, on this page.
   *[other] You can undo it for { $days } days, on this page.
}
join-button = Join the accounts
join-done = The accounts are joined
# $when (Text)
join-done-means = Log in again with any of your confirmed addresses. Keep the address of this page: you can undo the join here until { $when }.
join-undo = Undo the join
join-undo-how = To undo it, show once more that it is you: we send a code to an address of either account.
join-undo-ready = You have shown that it is you. What the join moved goes back, and you are signed out everywhere.
join-undone = The accounts are separate again
join-undone-means = What the join moved is back where it was. Log in again to either account.
join-gone = There is nothing to join here
join-gone-means = This page has expired, was not complete, or one of the accounts is no longer there. Confirm your address again to start anew.
join-same-partner = These accounts cannot be joined
# $partner (Name)
join-same-partner-means = { $partner } knows both of them, as two customers. Ask { $partner } to keep one of them alone, then confirm your address again.
join-two-wallets-means = Both have a wallet, and an account holds one. They stay two accounts; you can go on using each of them.
join-unprovable-means = The account you were in has a wallet or a log-in of its own, and no confirmed address by which you could show that it is yours. They stay two accounts; you can go on using each of them. If it has a wallet, its recovery file moves the wallet to the other account.
join-wallet = Wallet
join-wallet-whole = One, with everything in it
join-log-in = Log-in
join-by-app = through an app, by its own word

## Another address for an account that has something to protect

confirm-title = Confirm a new address
# $organization (Name)
confirm-lead = Your account at { $organization } is to get another address. Whoever reads messages there can then log in to your account, and use its wallet if it has one.
confirm-new = New address
confirm-old = Your confirmed address
confirm-prove = To confirm it, show that it is you: we send a code to an address that you confirmed before, and you type it here.
confirm-not-yours = If you did not ask for this, close this page and give the code to nobody: nothing changes.
confirm-done = The new address is confirmed
confirm-done-means = It logs you in from now on, and so do the addresses that you confirmed before.
confirm-gone = There is nothing to confirm here
confirm-gone-means = This page has expired, was not complete, or another account has the address by now. Confirm your address again to start anew.

## Errors

problem-not-found = There is nothing here
problem-not-found-means = No page has this address.
problem-not-found-advice = Check the address, or go back to where you came from.
problem-wrong-method = That does not work here
problem-wrong-method-means = This page exists, but not for what was asked of it.
problem-too-large = That was too large
problem-too-large-means = More was sent than this page accepts, so nothing was done.
problem-too-large-advice = Send less and try again.
problem-wrong-host = Wrong address
problem-wrong-host-means = This server does not answer under the name in your address bar.
problem-wrong-host-advice = Check the address, or go back to where you got it.
problem-too-many = Too many tries
problem-too-many-means = There were many requests in a short time, so this one was not let through.
problem-too-many-advice = Wait a little and try again.
problem-bad-request = That could not be read
problem-bad-request-means = Something in the request was missing or not as expected, so nothing was done.
problem-go-back = Go back and try again from the page you came from.
problem-unavailable = Please try again soon
problem-unavailable-means = The server cannot answer right now. We cannot say whether your last step was done.
problem-unavailable-advice = Wait a moment and load the page again.
problem-internal = Something went wrong
problem-internal-means = The fault is ours, not yours.
problem-internal-advice = Try again. If it stays like this, pass on the request id below.
# $seconds (Number)
problem-wait-seconds = { $seconds ->
    [one] Try again in a second.
   *[other] Try again in { $seconds } seconds.
}
# $minutes (Number)
problem-wait-minutes = { $minutes ->
    [one] Try again in a minute.
   *[other] Try again in { $minutes } minutes.
}
problem-status = Status
problem-request-id = Request id

## The developer's pages

home-title = Welcome
home-heading = Aboard is running
home-what-it-is = The open-source server that brings users aboard: log-in links, accounts and wallets, on your own machine.
home-try-it = Bring your first user aboard
home-then-open = Open the login_url from the answer in this browser. It works once.
home-addresses = Addresses
home-api-base = API base
home-account-page = Account page
home-inbox = Inbox
home-inbox-means = Every code that this sandbox would have sent
home-reference = API reference
home-metrics = Metrics
home-surfaces = Three surfaces, one user
home-partner = Partners
home-partner-means = A partner’s platform logs its users in with a link.
home-users = Users
home-users-means = Your back end creates, reads and links users.
home-wallet = Wallets
home-wallet-means = Your app logs people in and reaches their wallets.

inbox-title = Inbox
inbox-lead = What this sandbox would have sent, newest first. Nothing leaves it. This page looks again every few seconds.
inbox-empty = Nothing yet. Ask for a code, and it appears here.
# $to (Name)
inbox-to = To { $to }

## Messages. The code stands before the text; whoever builds the message puts it there. No full stop after a purpose.

# $app (Name)
code-log-in = Your code to log in to { $app }
# $app (Name)
code-confirm-contact = Your code to confirm this contact for { $app }
# $app (Name)
code-export-wallet = Code to TAKE THE KEYS OUT OF YOUR WALLET, asked for in { $app }
# $app (Name)
code-give-consent = Code to LET { $app } USE YOUR WALLET
# $app (Name)
code-change-identity = Code to CHANGE HOW YOU LOG IN to { $app }
# $app (Name)
code-join-accounts = Code to JOIN TWO ACCOUNTS INTO ONE, asked for in { $app }
# $app (Name)
code-trust-device = Code to TRUST A NEW DEVICE with your wallet, asked for in { $app }
code-keep-it = Do not share it.
# $minutes (Number)
code-works-for = { $minutes ->
    [one] It works for 1 minute.
   *[other] It works for { $minutes } minutes.
}
code-not-you = If you did not ask for it, do nothing: without the code nobody gets any further.

## Notices: something changed, and nobody asked for a code. No full stop after what an e-mail has as its subject.

# $app (Name)
notice-contact-changed = Your contact details at { $app } were changed
notice-contact-changed-means = Another e-mail address or phone number was entered for you. This one goes on logging you in until the new one is confirmed.
# $app (Name)
notice-address-added = Another address logs in to your account at { $app }
notice-address-added-means = A further e-mail address or phone number was confirmed for your account. It logs in from now on, and so does this one.
# $app (Name)
notice-wallet-recovered = Your wallet at { $app } was moved to another log-in
notice-wallet-recovered-means = Somebody who has its recovery secret moved it. This log-in does not reach it any more, and was signed out everywhere.
# $app (Name)
notice-wallet-export = The phrase of your wallet at { $app } was asked for
notice-wallet-export-means = Whoever has it has the wallet, for good. It is handed out after a while, to whoever asked with a code of yours.
# $app (Name)
notice-new-device = Somebody logged in to your wallet at { $app } on a new device
# $app (Name)
# $when (Text)
notice-new-device-means = It was in { $app }, on { $when } UTC.
# $page (Name)
notice-new-device-not-you = If this was not you, log out everywhere: { $page }
# $app (Name)
notice-webhook-disabled = A webhook of { $app } was switched off
# $url (Name)
notice-webhook-disabled-means = { $url } has failed for days or says that it is gone, so it is told of nothing any more. Mend it, switch it on again, and replay what it missed.
# $app (Name)
notice-not-you = If this was not you, tell { $app } at once.

## An app asks for a wallet

consent-title = Your wallet
# $app (Name)
consent-asks = { $app } asks to use your wallet
consent-could = It could sign messages and transactions with it while you are logged in there, and see its addresses. It could not see your recovery secret, nor move the wallet to another log-in.
consent-send = Send me a code
consent-goes-to = The code goes to the address that you log in with. Nothing changes before you type it here.
consent-type = Type the code
consent-wrong = This code is wrong, expired or already used. Check it, or ask for a new one.
consent-code = Code
# $app (Name)
consent-allow = Let { $app } use my wallet
consent-stop = Do not let it any more
consent-again = Send another code
# $app (Name)
consent-allowed = { $app } may use your wallet
consent-go-back = Go back to it and go on. You can take this back on this page at any time.
# $app (Name)
consent-taken-back = { $app } may not use your wallet
consent-from-now = That holds from now on.
consent-moved = This wallet has moved
consent-moved-means = It went to another log-in while you typed the code, so nothing was allowed. Whoever has it now decides.
consent-no-address = There is nowhere to send a code
consent-no-address-means = Whoever owns this wallet has not proven an e-mail address or a phone number. Log in with one of them first.
consent-may = It may
consent-may-send = sign and send everything
consent-may-sign = sign messages only
consent-for = For
consent-for-day = a day
consent-for-month = 30 days
consent-for-always = as long as I do not take it back

## The phrase of a wallet is asked for

export-title = The phrase of your wallet
# $app (Name)
export-asks = { $app } asks for the phrase of your wallet
export-means = Whoever has these words has the wallet, for good and without this server. They go to the program that asked, sealed so that only it can read them.
# $app (Name)
export-allow = Let { $app } have my phrase
export-stop = Stop this
# $when (Text)
export-waits = The phrase can be taken out from { $when } on
export-waits-means = Until then you can stop it on this page. If you did not ask for it, do that now.
export-over = This is over
export-over-means = The phrase was taken out, somebody stopped it, or its time has passed. Nothing more happens here.

## A log-in on a new device waits

device-title = A new device
# $app (Name)
device-asks = { $app }: a log-in on a new device
# $when (Text)
device-means = It can see your wallet. It cannot send, sign, or take anything out until { $when }. If it is you, prove another address of yours, and it can do everything now.
device-goes-to = The code goes to an address of yours that this log-in did not prove. If this is not you, do nothing, and log out everywhere.
device-allow = This is my device
device-done = This device may do everything now
# $app (Name)
device-done-means = Go back to { $app } and go on.
device-over = There is nothing to do
device-over-means = This log-in does not wait, or not any more. Go back and try again.
# $when (Text)
device-nowhere = It ends by itself on { $when }
device-nowhere-means = There is no other address of yours that was proven a day or longer before this log-in, so no code can be sent. Until then the log-in can see your wallet and do nothing else.
