# shellcheck shell=sh
# /etc/profile has reset it: in a login shell, too, the image's own Python comes first.
PATH=/opt/python/bin:$PATH
export PATH
