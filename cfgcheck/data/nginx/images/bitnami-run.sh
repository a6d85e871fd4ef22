#!/bin/sh
exec nginx -c /opt/bitnami/nginx/conf/nginx.conf -g 'daemon off;'
