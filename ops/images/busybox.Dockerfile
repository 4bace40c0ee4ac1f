# A stand-in for busybox where Docker Hub can't be reached: Debian's static build, with a link for each of
# its commands, as the official image has them.
ARG BASE
FROM ${BASE} AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends busybox-static > /dev/null
RUN busybox=$(command -v busybox); mkdir -p /out && cd /out \
 && mkdir -p bin dev etc home proc root sys tmp usr/bin usr/sbin sbin var/spool/mail var/www \
 && chmod 1777 tmp && cp "$busybox" bin/busybox \
 && for name in $("$busybox" --list); do [ "$name" = busybox ] || ln -s busybox "bin/$name"; done \
 # What would only mislead: there is no package manager here.
 && rm -f bin/dpkg bin/dpkg-deb bin/rpm bin/rpm2cpio \
 && ln -s ../../bin/env usr/bin/env \
 && printf 'root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n' > etc/passwd \
 && printf 'root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\n' > etc/group

FROM scratch
COPY --from=build /out/ /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LABEL org.containrlab.stand-in="busybox, made from Debian's packages"
CMD ["sh"]
