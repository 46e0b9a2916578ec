# shellcheck shell=bash
# Finds, installs and starts what the tests and benchmarks stand on. Sourced, never run, and in the root of the clone:
#   source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"
#   find_cargo; find_postgres; start_cluster fsync=on   # → $CLUSTER_URL, stopped when the script ends

# One line for each step, on stderr, so that a script's own output stays clean.
say() { printf '· %s\n' "$*" >&2; }
die() {
    printf '✗ %s\n' "$*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Prefers rustup's cargo: the distribution's ignores rust-toolchain.toml.
find_cargo() {
    if ! have rustup && [[ -x $HOME/.cargo/bin/cargo ]]; then
        export PATH="$HOME/.cargo/bin:$PATH"
    fi
    have cargo || die "cargo is missing: install Rust with rustup, then run this again"
    # CI builds in a fresh clone: keep what is compiled outside of it, for the next run.
    if [[ ${CI:-} == true ]]; then
        export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/aboard/target}"
        export NEXTEST_PROFILE="${NEXTEST_PROFILE:-ci}"
    fi
}

# apt_install PACKAGE… installs as root on Debian and its kin; elsewhere it fails, and the caller says what to do.
apt_install() {
    [[ $EUID -eq 0 ]] && have apt-get || return 1
    local log
    log=$(mktemp)
    say "installing $* with apt-get"
    if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "$@"; } \
        >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# Prints the directory that holds initdb, postgres and pg_isready: the one on PATH, or the newest installed.
postgres_bin() {
    local dir candidates=()
    if have initdb; then candidates+=("$(dirname "$(realpath "$(command -v initdb)")")"); fi
    while IFS= read -r dir; do candidates+=("$dir"); done < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort -Vr)
    if have pg_config; then candidates+=("$(pg_config --bindir)"); fi
    for dir in "${candidates[@]}"; do
        if [[ -x $dir/initdb && -x $dir/postgres && -x $dir/pg_isready ]]; then
            printf '%s\n' "$dir"
            return
        fi
    done
    return 1
}

# Sets PG_BIN; installs the server where it may.
find_postgres() {
    if PG_BIN=$(postgres_bin); then return; fi
    if [[ $EUID -eq 0 ]] && have apt-get; then
        # Debian would start a cluster of its own at once; ours are made for one run and thrown away.
        local conf=/etc/postgresql-common/createcluster.conf
        mkdir -p "$(dirname "$conf")"
        grep -qs '^create_main_cluster *= *false' "$conf" || echo 'create_main_cluster = false' >>"$conf"
        apt_install postgresql || true
    fi
    PG_BIN=$(postgres_bin) || die "PostgreSQL's server is missing: install it (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql), or set TEST_POSTGRES_URL to a server that may be written to"
}

# The JavaScript packages that check us from outside: a webhook verifier, a browser driver, the wallet SDK.
install_node_packages() {
    if ! have npm || ! node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null; then
        die "Node.js 20 or newer with npm is missing: install it (Debian 13: apt-get install nodejs npm)"
    fi
    local lock=tests/node/package-lock.json installed=tests/node/node_modules/.package-lock.json
    if [[ ! -e $installed || $lock -nt $installed ]]; then
        say "installing the packages of tests/node"
        # Without the flag the wallet SDK would bring React Native along, which nothing here uses.
        npm --prefix tests/node ci --legacy-peer-deps --no-audit --no-fund --loglevel=error >&2
    fi
}

# The chain that wallets of the tests send to. Its npm packages are one for each platform; ours is that of Linux on amd64.
find_anvil() {
    local ours=tests/node/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil
    if [[ -z ${ABOARD_ANVIL:-} && -x $ours ]]; then ABOARD_ANVIL=$PWD/$ours; fi
    [[ -x ${ABOARD_ANVIL:-} ]] || die "anvil is missing: install Foundry's anvil 1.7 for this platform, and set ABOARD_ANVIL to where it is"
    export ABOARD_ANVIL
}

# start_cluster [SETTING=VALUE]… starts a throw-away PostgreSQL on a free port of 127.0.0.1 and sets CLUSTER_URL.
# It sorts text by language rules where PostgreSQL can: a query that forgot `collate "C"` then shows.
# Takes the traps on EXIT, INT and TERM: a caller with a trap of its own sets it after this, and calls stop_cluster.
start_cluster() {
    local setting port try args=() locale=(--no-locale) run=(env)
    for setting in max_connections=300 shared_buffers=128MB log_min_messages=warning "$@"; do args+=(-c "$setting"); done
    CLUSTER_DIR=$(mktemp -d "${TMPDIR:-/tmp}/aboard-pg.XXXXXX")
    CLUSTER_PID=
    trap stop_cluster EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM

    # initdb refuses root. The server dies with this script, even if that is killed outright.
    if have setpriv; then run=(setpriv --pdeathsig QUIT --); fi
    if [[ $EUID -eq 0 ]]; then
        local user=nobody
        if id postgres >/dev/null 2>&1; then user=postgres; fi
        chown "$user" "$CLUSTER_DIR"
        run=(setpriv --reuid "$(id -u "$user")" --regid "$(id -g "$user")" --clear-groups --pdeathsig QUIT --)
    fi
    if "$PG_BIN/initdb" --help | grep -q -e --icu-locale; then locale+=(--locale-provider=icu --icu-locale=en-US); fi

    # In its directory: the user who runs it may not be able to enter the one this script was called from.
    cd "$CLUSTER_DIR" || return
    "${run[@]}" "$PG_BIN/initdb" -D "$CLUSTER_DIR/data" -U postgres --auth=trust --encoding=UTF8 --no-sync \
        "${locale[@]}" >"$CLUSTER_DIR/initdb.log" 2>&1 ||
        { cat "$CLUSTER_DIR/initdb.log" >&2 && die "initdb failed"; }
    for try in 1 2 3 4 5; do
        port=$((20000 + RANDOM % 12000)) # below the range that outgoing connections take theirs from
        "${run[@]}" "$PG_BIN/postgres" -D "$CLUSTER_DIR/data" -k "$CLUSTER_DIR" -h 127.0.0.1 -p "$port" "${args[@]}" \
            >"$CLUSTER_DIR/log" 2>&1 </dev/null &
        CLUSTER_PID=$!
        if cluster_ready "$port"; then break; fi
        stop_server
        if ((try == 5)); then cat "$CLUSTER_DIR/log" >&2 && die "PostgreSQL did not start"; fi
    done
    cd "$OLDPWD" || return
    # shellcheck disable=SC2034 # the caller's
    CLUSTER_URL="postgres://postgres@127.0.0.1:$port/postgres"
    say "PostgreSQL $("$PG_BIN/postgres" --version | awk '{ print $3 }') on port $port, ${*:-default settings}"
}

# Waits until our own server answers: at most 30 s, and no longer than it lives (the port may be taken).
cluster_ready() {
    local deadline=$((SECONDS + 30))
    while ((SECONDS < deadline)) && kill -0 "$CLUSTER_PID" 2>/dev/null; do
        if "$PG_BIN/pg_isready" -q -h "$CLUSTER_DIR" -p "$1" -U postgres; then return 0; fi
        sleep 0.1
    done
    return 1
}

stop_server() {
    [[ -n $CLUSTER_PID ]] || return 0
    kill -QUIT "$CLUSTER_PID" 2>/dev/null || true # at once: nothing of it is kept
    wait "$CLUSTER_PID" 2>/dev/null || true
    CLUSTER_PID=
}

stop_cluster() {
    stop_server
    if [[ -n ${CLUSTER_DIR:-} ]]; then rm -rf "$CLUSTER_DIR"; fi
    CLUSTER_DIR=
}
