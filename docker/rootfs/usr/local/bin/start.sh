#!/bin/bash
# The image's entry point: sets up the student's account as the variables say, runs the hooks, and
# executes the command. docker/README.md lists the variables, which are those of the docker-stacks.
set -e

log() { # LEVEL TEXT...
    if [[ $1 == INFO && -n ${JUPYTER_DOCKER_STACKS_QUIET:-} ]]; then return; fi
    printf '%s %s: %s\n' "$(date +%FT%T%z)" "$1" "${*:2}" >&2
}

fail() { # TEXT...
    log ERROR "$@"
    exit 1
}

is_yes() { # VALUE
    [[ $1 == 1 || $1 == yes || $1 == true ]]
}

# Sources the hooks that end in .sh, and runs others if they are executable. Logs and skips a hook
# that fails: it must not keep a student out.
run_hooks() { # FOLDER
    local hook
    if [[ ! -r $1 || ! -x $1 ]]; then
        log WARNING "the hooks in $1 are left out: uid $(id --user) cannot read that folder"
    fi
    for hook in "$1"/*; do
        if [[ ! -f $hook ]]; then
            continue
        elif [[ $hook == *.sh ]]; then
            log INFO "sourcing $hook"
            # shellcheck source=/dev/null # the operator provides it
            source "$hook" || log WARNING "$hook has failed with $?; going on without it"
        elif [[ -x $hook ]]; then
            log INFO "running $hook"
            "$hook" || log WARNING "$hook has failed with $?; going on without it"
        else
            log INFO "leaving $hook out: it is not executable"
        fi
    done
}

require_number() { # NAME
    [[ ${!1} =~ ^[0-9]+$ ]] || fail "$1 is '${!1}'; it is to be a number"
}

# As root: gives the account its name, uid, gid and home.
make_account() {
    require_number NB_UID
    require_number NB_GID
    if [[ $NB_USER == root || $NB_UID == 0 ]]; then
        [[ $NB_USER == root && $NB_UID == 0 && $NB_GID == 0 ]] ||
            fail "a student who is root needs all of NB_USER=root, NB_UID=0 and NB_GID=0"
        sed --in-place 's|^root:.*|root:x:0:0:root:/home/root:/bin/bash|' /etc/passwd
    elif [[ $(id --user jovyan 2>/dev/null) != "$NB_UID" || $NB_USER != jovyan ||
        $(id --group jovyan 2>/dev/null) != "$NB_GID" ]]; then
        log INFO "the student is $NB_USER, uid $NB_UID, gid $NB_GID"
        if ! getent group "$NB_GID" >/dev/null; then
            groupadd --gid "$NB_GID" "${NB_GROUP:-$NB_USER}" ||
                fail "group ${NB_GROUP:-$NB_USER} cannot be made with gid $NB_GID (NB_GROUP, NB_GID)"
        fi
        userdel jovyan 2>/dev/null || true
        if id "$NB_USER" >/dev/null 2>&1; then # the container has restarted
            usermod --uid "$NB_UID" --gid "$NB_GID" --non-unique "$NB_USER"
        else
            useradd --no-log-init --no-create-home --home-dir "/home/$NB_USER" --shell /bin/bash \
                --uid "$NB_UID" --gid "$NB_GID" --groups 100 --non-unique "$NB_USER" ||
                fail "user '$NB_USER' cannot be made (NB_USER, NB_UID)"
        fi
    fi
}

# Copies the image's home to one of another name. Never moves it: the host may have mounted
# something in either.
make_home() {
    local home=/home/$NB_USER
    if [[ ! -e $home ]]; then
        mkdir "$home"
        cp --archive /home/jovyan/. "$home"
        chown --recursive "$NB_UID:$NB_GID" "$home"
    fi
    if is_yes "${CHOWN_HOME:-}"; then
        log INFO "giving $home to $NB_UID:$NB_GID ${CHOWN_HOME_OPTS:-}"
        # shellcheck disable=SC2086 # it holds several options
        chown ${CHOWN_HOME_OPTS:-} "$NB_UID:$NB_GID" "$home"
    fi
    local path
    for path in ${CHOWN_EXTRA//,/ }; do
        log INFO "giving $path to $NB_UID:$NB_GID ${CHOWN_EXTRA_OPTS:-}"
        # shellcheck disable=SC2086 # it holds several options
        chown ${CHOWN_EXTRA_OPTS:-} "$NB_UID:$NB_GID" "$path"
    done
    if [[ $PWD == /home/jovyan || $PWD == /home/jovyan/* ]]; then
        cd "$home${PWD#/home/jovyan}" 2>/dev/null || cd "$home"
    fi
    export HOME=$home
}

grant_sudo() {
    is_yes "${GRANT_SUDO:-}" || return 0
    log INFO "$NB_USER may use sudo"
    printf '%s ALL=(ALL) NOPASSWD:ALL\nDefaults secure_path="%s"\n' "$NB_USER" "$PATH" \
        >/etc/sudoers.d/student
}

# Not as root: names a uid that has no name, because git, ssh and VS Code need one.
name_account() {
    local entry
    if ! id --name --user >/dev/null 2>&1; then
        entry="$NB_USER:x:$(id --user):$(id --group)::$HOME:/bin/bash"
        if [[ -w /etc/passwd ]]; then
            # Keeps names unique. Not in place, because only root may write beside the file.
            entry="$(sed "s/^$NB_USER:/image-$NB_USER:/" /etc/passwd)"$'\n'"$entry"
            printf '%s\n' "$entry" >/etc/passwd
        elif passwd=$(mktemp /tmp/passwd.XXXXXX 2>/dev/null); then
            { cat /etc/passwd && echo "$entry"; } >"$passwd"
            export NSS_WRAPPER_PASSWD=$passwd NSS_WRAPPER_GROUP=/etc/group
            export LD_PRELOAD=libnss_wrapper.so${LD_PRELOAD:+:$LD_PRELOAD}
        else
            log WARNING "uid $(id --user) has no name, as /etc/passwd cannot be written; gid 0" \
                "lets it be, and so does a /tmp that can be written"
        fi
    elif [[ $(id --name --user) != "$NB_USER" ]]; then
        log WARNING "NB_USER=$NB_USER needs a start as root; the student is $(id --name --user)"
    fi
    if [[ -n ${GRANT_SUDO:-}${CHOWN_HOME:-}${CHOWN_EXTRA:-} ]]; then
        log WARNING "GRANT_SUDO, CHOWN_HOME and CHOWN_EXTRA need a start as root (--user root)"
    fi
}

# Logs that a home cannot be used, and lets the server start: a student with a full home must be
# able to empty it.
check_home() {
    local free
    if [[ ! -d $HOME ]]; then
        log WARNING "the home $HOME is not there; mount a volume, or set HOME"
    elif [[ ! -w $HOME ]]; then
        log WARNING "the home $HOME cannot be written by uid $(id --user): nothing will be saved." \
            "Its owner is $(stat --format '%u:%g' "$HOME"); --group-add users gives access to the" \
            "image's own, CHOWN_HOME=yes with a start as root to a mounted one"
    else
        free=$(df --output=avail "$HOME" | tail -n 1)
        if ((free < 10240)); then # KiB
            log WARNING "the home $HOME is full ($free KiB left): what is saved may be lost. Delete" \
                "something, for example below $HOME/.cache"
        fi
    fi
}

unset_secrets() {
    local name
    for name in ${JUPYTER_ENV_VARS_TO_UNSET//,/ }; do
        unset "$name"
    done
    unset JUPYTER_ENV_VARS_TO_UNSET
}

set_umask() {
    if [[ -n ${NB_UMASK:-} ]]; then
        [[ $NB_UMASK =~ ^[0-7]{3,4}$ ]] || fail "NB_UMASK is '$NB_UMASK'; it is octal, as in 002"
        umask "$NB_UMASK"
    fi
}

main() {
    local as_student=()
    if [[ -n ${_IMAGE_STARTED:-} ]]; then
        log WARNING "start.sh is the entry point already; the command does not need it"
        exec "$@"
    fi
    export _IMAGE_STARTED=1
    if (($# == 0)); then set -- start-notebook.sh; fi

    run_hooks /usr/local/bin/start-notebook.d
    if ((EUID == 0)); then
        make_account
        make_home
        grant_sudo
        if [[ $NB_UID != 0 ]]; then
            as_student=(setpriv --reuid "$NB_UID" --regid "$NB_GID" --init-groups --)
        fi
        export USER=$NB_USER LOGNAME=$NB_USER
    else
        name_account
        check_home
    fi
    run_hooks /usr/local/bin/before-notebook.d
    # A hook may have prepended something to PATH.
    export PATH=/opt/python/bin:$PATH
    set_umask
    unset_secrets
    log INFO "running as ${NB_UID}: $*"
    exec "${as_student[@]}" "$@"
}

main "$@"
