#!/bin/sh
# At the first start of the server: both databases, owned by the one user. Kubeflow makes its tables.
# shellcheck disable=SC2016 # names of databases stand between grave accents
for database in $SLUICE_DATABASES; do
    printf 'CREATE DATABASE IF NOT EXISTS `%s`; GRANT ALL ON `%s`.* TO `%s`@`%%`;\n' \
        "$database" "$database" "$MYSQL_USER"
done | MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql --user=root
