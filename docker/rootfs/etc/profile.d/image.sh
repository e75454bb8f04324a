# shellcheck shell=sh
# /etc/profile has reset PATH: put the image's Python first in login shells too.
PATH=/opt/python/bin:$PATH
export PATH
