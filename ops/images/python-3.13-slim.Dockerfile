# A stand-in for python:3.13-slim where Docker Hub can't be reached: Debian's Python 3.13, moved to
# /usr/local so that pip, venv and site-packages are where the official image has them.
ARG BASE
FROM ${BASE} AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3.13-venv > /dev/null
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# Debian's own habits are undone: its layout of dist-packages, its ban on pip and on ensurepip.
RUN local=/out/usr/local; lib=$local/lib/python3.13; mkdir -p $local/bin $lib; \
	cp -a /usr/lib/python3.13/. $lib/; cp /usr/bin/python3.13 $local/bin/; \
	rm -rf $lib/EXTERNALLY-MANAGED $lib/sitecustomize.py $lib/_distutils_system_mod.py \
		$lib/test $lib/LICENSE.txt $lib/dist-packages; \
	mkdir -p $lib/site-packages; ln -s site-packages $lib/dist-packages; \
	find $lib -name __pycache__ -prune -exec rm -rf {} +; \
	sed -i "s/'DEB_PYTHON_INSTALL_LAYOUT', 'posix_local'/'DEB_PYTHON_INSTALL_LAYOUT', 'posix_prefix'/; s/prefix_scheme = 'posix_local'/prefix_scheme = 'posix_prefix'/" $lib/sysconfig/__init__.py; \
	sed -i "s/^    _ensurepip_is_disabled_in_debian_for_system()/    pass/" $lib/ensurepip/__init__.py; \
	sed -i "s#'/usr/#'/usr/local/#g; s#'prefix': '/usr'#'prefix': '/usr/local'#" $lib/_sysconfigdata__*.py; \
	mkdir -p $lib/ensurepip/_bundled; cp /usr/share/python-wheels/pip-*.whl $lib/ensurepip/_bundled/; \
	ln -s python3.13 $local/bin/python3; ln -s python3.13 $local/bin/python

FROM ${BASE} AS run
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends ca-certificates netbase tzdata libffi8 libsqlite3-0 \
	libssl3t64 libreadline8t64 libncursesw6 libbz2-1.0 liblzma5 libexpat1 libuuid1 libdb5.3t64 > /dev/null \
 && rm -rf /var/lib/apt/lists/* /var/log/*.log /var/log/apt
COPY --from=build /out/ /
# The address of this machine's package mirror stays out of the image: sources are Debian's own.
COPY debian-sources /etc/apt/sources.list.d/debian.sources
RUN export PYTHONDONTWRITEBYTECODE=1; wheel=$(echo /usr/local/lib/python3.13/ensurepip/_bundled/pip-*.whl) \
 && python $wheel/pip install -q --no-compile --no-index --root-user-action=ignore $wheel \
 && python -c 'import ctypes, sqlite3, ssl, lzma, bz2, venv' && pip --version \
 && find /usr/local -name __pycache__ -prune -exec rm -rf {} + \
 && rm -f /etc/apt/sources.list

FROM scratch
COPY --from=run / /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
LABEL org.containrlab.stand-in="python:3.13-slim, made from Debian's packages"
CMD ["python3"]
