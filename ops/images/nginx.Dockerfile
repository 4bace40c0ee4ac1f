# A stand-in for nginx where Docker Hub can't be reached: Debian's nginx, with configuration, pages and
# logs where the official image has them.
ARG BASE
FROM ${BASE} AS run
RUN groupadd --gid 101 --system nginx \
 && useradd --uid 101 --gid nginx --system --no-create-home --home-dir /nonexistent nginx \
 && apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	ca-certificates curl gettext-base nginx > /dev/null \
 && rm -rf /var/lib/apt/lists/* /var/log/*.log /var/log/apt /etc/apt/sources.list \
	/etc/nginx/sites-* /etc/nginx/snippets /etc/nginx/modules-* /etc/nginx/conf.d /usr/share/nginx/html \
 && mkdir -p /docker-entrypoint.d /usr/share/nginx/html /etc/nginx/conf.d /var/cache/nginx \
 && ln -sf /dev/stdout /var/log/nginx/access.log \
 && ln -sf /dev/stderr /var/log/nginx/error.log
COPY debian-sources /etc/apt/sources.list.d/debian.sources
COPY nginx/nginx.conf /etc/nginx/nginx.conf
COPY nginx/default.conf /etc/nginx/conf.d/default.conf
COPY nginx/html /usr/share/nginx/html
COPY nginx/docker-entrypoint.sh /docker-entrypoint.sh
RUN nginx -t

FROM scratch
COPY --from=run / /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LABEL org.containrlab.stand-in="nginx:latest, made from Debian's packages"
EXPOSE 80
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["nginx", "-g", "daemon off;"]
