#compdef roots
# What `roots` takes, for zsh. Made of the help pages by `make fixtures`: change those.

_roots_commands() {
    local -a commands=(
@COMMANDS@
    )
    _describe -t commands command commands
}

_roots_image() {
    if compset -P '(oci|oci-archive|docker-archive):'; then
        _files
    else
        _alternative \
            'forms:form of an image on disk:compadd -S "" @FORMS@' \
            'files:layout or archive:_files'
    fi
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
