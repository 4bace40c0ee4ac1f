# What the cold start is compared with, on the sandbox's own Docker: `dockerd-rootless.sh` as it comes,
# for user 1000, and the ordinary daemon for root. For the benchmark alone.
ARG SANDBOX
FROM ${SANDBOX}
USER 0:0
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends rootlesskit slirp4netns \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
RUN echo 'peer:x:1000:1000::/home/peer:/bin/bash' >> /etc/passwd \
 && echo 'peer:x:1000:' >> /etc/group \
 && echo 'peer:200000:65536' | tee -a /etc/subuid >> /etc/subgid \
 && mkdir -p /home/peer/.local/share/docker /run/user/1000 /var/lib/docker \
 && chown -R 1000:1000 /home/peer /run/user/1000
ENTRYPOINT []
