#!/usr/bin/env bash
# From a bare Debian to a first operator: PostgreSQL, Redis, nginx, the platform, and an operator who can sign in.
#
#   DOMAIN=copy.example.org OPERATOR=me@example.org deploy/server.sh        (or: make server DOMAIN=... OPERATOR=...)
#
# BRAND=/path/to/brand.toml gives it another name and look (docs/brand.md); the folder is copied to /etc/smartsync/brand.
#
# It may be run again: what is there stays, and what is new is brought in. With systemd the units of deploy/systemd are
# installed; without it `manage.py serve` runs them. Everything that is made lies below ROOT (default: the machine).
set -euo pipefail

DOMAIN=${DOMAIN:-localhost}
OPERATOR=${OPERATOR:-operator@$DOMAIN}
BRAND=${BRAND:+$(readlink -m "$BRAND")}
ROOT=${ROOT:-}
HOME_DIR=$ROOT/opt/smartsync
CONFIG=$ROOT/etc/smartsync
BACKUPS=$ROOT/var/backups/smartsync
CERTIFICATES=$CONFIG/certificates
SOURCE=$(cd "$(dirname "$0")/.." && pwd)
PG_PORT=${PG_PORT:-5432}
REDIS_PORT=${REDIS_PORT:-6379}
began=$(date +%s)

say() { echo "server | $*"; }
fail() { echo "server | $*" >&2; exit 2; }
secret() { head -c 48 /dev/urandom | base64 | tr -dc 'A-Za-z0-9' | head -c 48; }

[ "$(id -u)" = 0 ] || fail "Run this as root: it installs packages and makes a user."

need=()
command -v redis-server > /dev/null || need+=(redis-server)
command -v nginx > /dev/null || need+=(nginx-light)
command -v openssl > /dev/null || need+=(openssl)
ls /usr/lib/postgresql/*/bin/postgres > /dev/null 2>&1 || need+=(postgresql)
# The machine's own Python: the platform's user could not run one that lies in somebody's home.
PYTHON=${PYTHON:-/usr/bin/python3}
"$PYTHON" -c 'import venv, ensurepip' 2> /dev/null || need+=(python3-venv)
command -v make > /dev/null || need+=(make)
command -v curl > /dev/null || need+=(curl)
if [ ${#need[@]} -gt 0 ]; then
    say "Installing ${need[*]} ..."
    command -v apt-get > /dev/null || fail "There is no apt-get here: install ${need[*]} by hand, then run this again."
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" > /dev/null
fi

say "PostgreSQL ..."
if ! runuser -u postgres -- psql -p "$PG_PORT" -qAtc 'SELECT 1' > /dev/null 2>&1; then
    if [ -d /run/systemd/system ]; then systemctl start postgresql; else
        cluster=$(pg_lsclusters -h | awk -v port="$PG_PORT" '$3 == port {print $1, $2}' | head -1)
        [ -n "$cluster" ] || { pg_createcluster --port "$PG_PORT" \
            "$(ls /usr/lib/postgresql | sort -n | tail -1)" smartsync > /dev/null
            cluster="$(ls /usr/lib/postgresql | sort -n | tail -1) smartsync"; }
        # shellcheck disable=SC2086
        pg_ctlcluster $cluster start
    fi
    for _ in $(seq 50); do
        runuser -u postgres -- psql -p "$PG_PORT" -qAtc 'SELECT 1' > /dev/null 2>&1 && break
        sleep 0.2
    done
fi
version=$(runuser -u postgres -- psql -p "$PG_PORT" -qAtc 'SHOW server_version_num')
[ "$version" -ge 150000 ] || fail "PostgreSQL 15 or newer is needed, and this is $version."

id smartsync > /dev/null 2>&1 || useradd --system --home-dir "$HOME_DIR" --shell /usr/sbin/nologin smartsync
install -d -m 755 "$HOME_DIR"
install -d -m 750 -o root -g smartsync "$CONFIG" "$CERTIFICATES"
install -d -m 700 -o smartsync -g smartsync "$BACKUPS"
if [ ! -f "$CONFIG/env" ]; then
    app_password=$(secret) owner_password=$(secret)
    umask 027
    cat > "$CONFIG/env" <<ENV
DEVELOPMENT=0
SECRET_KEY=$(secret)
ALLOWED_HOSTS=$DOMAIN,localhost
CSRF_TRUSTED_ORIGINS=https://$DOMAIN
TRUSTED_PROXY_COUNT=1
DATABASE_URL=postgresql://smartsync_app:$app_password@localhost:$PG_PORT/smartsync
REDIS_URL=redis://localhost:$REDIS_PORT/0
METRICS_TOKEN=$(secret)
ENV
    cat > "$CONFIG/owner" <<ENV
DATABASE_OWNER_URL=postgresql://smartsync_owner:$owner_password@localhost:$PG_PORT/smartsync
ENV
    umask 022
    chown root:smartsync "$CONFIG/env" "$CONFIG/owner"
    cd /
    runuser -u postgres -- psql -p "$PG_PORT" -q -v ON_ERROR_STOP=1 -v owner_password="$owner_password" \
        -v app_password="$app_password" -f - < "$SOURCE/deploy/roles.sql" > /dev/null
fi

if [ -n "${BRAND:-}" ]; then
    [ -f "$BRAND" ] || fail "BRAND names $BRAND, and there is no such file: name the brand.toml of a brand's folder."
    rm -rf "$CONFIG/brand"
    cp -R "$(dirname "$BRAND")" "$CONFIG/brand"
    chmod -R a+rX "$CONFIG/brand"
    sed -i '/^SMARTSYNC_BRAND=/d' "$CONFIG/env"
    echo "SMARTSYNC_BRAND=$CONFIG/brand/$(basename "$BRAND")" >> "$CONFIG/env"
fi

say "Redis ..."
if ! redis-cli -p "$REDIS_PORT" ping > /dev/null 2>&1; then
    if [ -d /run/systemd/system ]; then systemctl start redis-server; else
        install -d -o redis -g redis "$ROOT/var/lib/smartsync-redis"
        runuser -u redis -- redis-server --port "$REDIS_PORT" --dir "$ROOT/var/lib/smartsync-redis" --appendonly yes --save "" \
            --maxmemory-policy noeviction --daemonize yes > /dev/null
    fi
fi

say "The platform ..."
tar -C "$SOURCE" --exclude=.venv --exclude=.git --exclude=.local --exclude=staticfiles --exclude=backups -cf - . \
    | tar -C "$HOME_DIR" -xf -
cd "$HOME_DIR"
make --no-print-directory setup PYTHON="$PYTHON"
runuser -u smartsync -- .venv/bin/python -V > /dev/null 2>&1 \
    || fail "The user smartsync cannot run $PYTHON: name one that everybody can, PYTHON=/usr/bin/python3."
set -a
# shellcheck disable=SC1091
. "$CONFIG/env"; . "$CONFIG/owner"
set +a
manage() { .venv/bin/python manage.py "$@"; }
manage migrate --no-input --verbosity 0
manage collectstatic --no-input --verbosity 0
unset DATABASE_OWNER_URL
manage check_venue

say "An operator ..."
if ! manage shell -c "import sys; from accounts.models import User; sys.exit(not User.objects.filter(is_superuser=True).exists())" \
    > /dev/null 2>&1; then
    : "${OPERATOR_PASSWORD:=$(secret | head -c 20)}"
    # It shows the second factor, once: an operator signs in with both.
    printf '%s\n' "$OPERATOR_PASSWORD" | manage create_operator "$OPERATOR" --password-stdin
    say "The first operator: $OPERATOR, password $OPERATOR_PASSWORD (change it after signing in at /admin/)."
fi

say "The proxy ..."
if [ ! -f "$CERTIFICATES/fullchain.pem" ]; then
    # Replace it by one that browsers believe: certbot --nginx -d $DOMAIN
    openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj "/CN=$DOMAIN" -addext "subjectAltName=DNS:$DOMAIN" \
        -keyout "$CERTIFICATES/privkey.pem" -out "$CERTIFICATES/fullchain.pem" 2> /dev/null
fi
install -d "$ROOT/etc/nginx/conf.d"
sed -e "s#DOMAIN#$DOMAIN#g" -e "s#CERTIFICATES#$CERTIFICATES#g" -e "s#listen 443#listen ${HTTPS_PORT:-443}#" \
    -e "s#\[::\]:443#[::]:${HTTPS_PORT:-443}#" -e "s#listen 80;#listen ${HTTP_PORT:-80};#" \
    -e "s#\[::\]:80;#[::]:${HTTP_PORT:-80};#" "$SOURCE/deploy/nginx.conf" > "$ROOT/etc/nginx/conf.d/smartsync.conf"

if [ -d /run/systemd/system ] && [ -z "$ROOT" ]; then
    nginx -t -q && systemctl reload-or-restart nginx
    cp deploy/systemd/* /etc/systemd/system/
    systemctl daemon-reload
    systemctl enable --now --quiet smartsync.target
    # Web units one after the other, so that one of them always answers; then the rest.
    for unit in smartsync-web@8001 smartsync-web@8002 'smartsync-worker@*' smartsync-beat smartsync-feed smartsync-standby smartsync-tell smartsync-call; do
        systemctl restart "$unit"
        sleep 2
    done
else
    conf=$ROOT/etc/nginx/smartsync-alone.conf
    printf 'pid %s/run-nginx.pid;\nevents {}\nhttp {\n    access_log off;\n    include %s/etc/nginx/conf.d/smartsync.conf;\n}\n' \
        "$CONFIG" "$ROOT" > "$conf"
    nginx -t -q -c "$conf" && nginx -c "$conf"
    say "There is no systemd here: manage.py serve runs the processes."
    runuser -u smartsync -- setsid .venv/bin/python manage.py serve > "$BACKUPS/serve.log" 2>&1 &
    echo $! > "$CONFIG/serve.pid"
fi

for _ in $(seq 120); do
    ready=$(curl -ks -H "Host: localhost" http://127.0.0.1:8001/health/ready || true)
    case $ready in '' | *missing* | *silent* | *down*) sleep 1 ;; *) break ;; esac
done
case $ready in
    '' | *missing* | *silent* | *down*) fail "It does not answer after two minutes: journalctl -u 'smartsync-*', or $BACKUPS/serve.log, says why. $ready" ;;
    *) say "Ready after $(( $(date +%s) - began )) s: https://$DOMAIN/  $ready" ;;
esac
