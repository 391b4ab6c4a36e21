#compdef roots
# What `roots` takes, for zsh. Made of the help pages by `make fixtures`: change those.

_roots_commands() {
    local -a commands=(
@COMMANDS@
    )
    _describe -t commands command commands
}

# A word that begins otherwise than a path is a name in a registry; in the place of a DEST, also a folder.
_roots_image() {
    if _roots_names; then
        return
    elif [[ $PREFIX == [./~\$]* ]] || compset -P '(oci|oci-archive|docker-archive):'; then
        _files
    elif [[ $1 == dest ]]; then
        _alternative \
            'forms:form of an image on disk:compadd -S "" @FORMS@' \
            'folders:folder:_files -/'
    else
        compadd -S "" @FORMS@ ./ /
    fi
}

# The names of the images in the layout that the word begins with: oci:PATH:NAME.
_roots_names() {
    local place=$PREFIX folder
    while [[ $place == oci:*:* || $place == [./~]*:* ]]; do
        place=${place%:*}
        folder=${${place#oci:}/#\~\//$HOME/}
        [[ -f $folder/index.json ]] || continue
        local -a names=(${(f)"$(_roots_listed $folder/index.json)"})
        compadd -- $place:${^names}
        return
    done
    return 1
}

# The names that shells need not quote.
_roots_listed() {
    head -c 4194304 -- $1 | tr -d '\n' |
        grep -o '"org\.opencontainers\.image\.ref\.name"[[:space:]]*:[[:space:]]*"[A-Za-z0-9._/@:-]*"' |
        sed 's/.*"\([^"]*\)"$/\1/'
}

_roots_folder_or() {
    _alternative "words:word:($1)" 'folders:folder:_files -/'
}

_roots() {
    local curcontext=$curcontext context state state_descr line ret=1
    typeset -A opt_args
    _arguments -C \
        '(- *)'{-h,--help}'[print help]' \
        '(- *)'{-V,--version}'[print the version]' \
        '1:command:_roots_commands' \
        '*::operand:->behind' && ret=0
    [[ $state == behind ]] || return ret
    curcontext=${curcontext%:*:*}:roots-$words[1]:
    case $words[1] in
@TAKES@
        version)
            _arguments '--json[print JSON]' '(- *)'{-h,--help}'[print help]' && ret=0
            ;;
        help)
            _arguments '1:command:_roots_commands' && ret=0
            ;;
    esac
    return ret
}

if [[ $funcstack[1] == _roots ]]; then
    _roots "$@"
else
    compdef _roots roots
fi
