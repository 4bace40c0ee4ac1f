# A debootstrap'ed Debian made as lean as the official slim image: no documentation, no locales,
# and one layer.
ARG DEBIAN
FROM ${DEBIAN} AS debian
COPY dpkg-excludes /etc/dpkg/dpkg.cfg.d/slim
COPY apt-lean /etc/apt/apt.conf.d/lean
RUN rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*.log /var/log/apt /var/cache/debconf/*-old /var/lib/dpkg/*-old \
	/usr/share/man /usr/share/info /usr/share/locale/* /usr/share/lintian /usr/share/groff \
 && find /usr/share/doc -type f ! -name copyright -delete \
 && find /usr/share/doc -type l -delete \
 && find /usr/share/doc -type d -empty -delete

FROM scratch
COPY --from=debian / /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LABEL org.containrlab.stand-in="debian:trixie-slim, made from Debian's packages with debootstrap"
CMD ["bash"]
