#!/bin/sh
# Six servers of Debian, each at a port of its own. SMTP and MariaDB speak first, at ports that web servers like to take.
set -e
mkdir -p /run/mysqld /run/exim4
chown mysql /run/mysqld
mariadbd --user=mysql --bind-address=0.0.0.0 --port=4000 --skip-log-bin --innodb-buffer-pool-size=16M --performance-schema=0 --init-file=/etc/mysql/first.sql &
redis-server --port 6379 --protected-mode no --save '' --daemonize no > /dev/null &
echo 'host all all all trust' > /tmp/hba
su postgres -s /bin/sh -c "exec $(echo /usr/lib/postgresql/*/bin/postgres) -D $(echo /var/lib/postgresql/*/main) -c config_file=$(echo /etc/postgresql/*/main/postgresql.conf) -c hba_file=/tmp/hba -c ssl=off -c listen_addresses='*' -c shared_buffers=16MB" &
exim4 -bdf -q30m -oX 3000 -C /etc/exim-smtp.conf &
exec nginx -g 'daemon off;'
