# What `roots` takes, for bash. Made of the help pages by `make fixtures`: change those.

# Finds an option in $options, where it looks like -f,--force or -o,--output= or --mirror=+, which may come again.
_roots_find() {
    for entry in $options; do
        [[ ,${entry%%=*}, == *,"$1",* ]] && return
    done
    entry=
}

# Offers the words that begin like $1. Readline replaces only what is behind the last : or =, where these part words.
_roots_words() {
    local typed=$1 word parting= start=
    shift
    [[ $COMP_WORDBREAKS == *:* ]] && parting+=:
    [[ $COMP_WORDBREAKS == *=* ]] && parting+==
    [[ $parting ]] && start=${cur%"${cur##*[$parting]}"}
    for word; do
        [[ $word == "$typed"* ]] || continue
        word=${cur%"$typed"}$word
        COMPREPLY+=("${word#"$start"}")
    done
}

_roots_value() {
    local typed=$2
    case $1 in
@VALUES@
    esac
}

# Offers the names of the images in the layout that $cur begins with: oci:PATH:NAME.
_roots_names() {
    local place=$cur folder
    while [[ $place == oci:*:* || $place == [./~]*:* ]]; do
        place=${place%:*}
        folder=${place#oci:}
        folder=${folder/#~\//"$HOME"/}
        [[ -f $folder/index.json ]] || continue
        local name names=()
        while IFS= read -r name; do
            names+=("$place:$name")
        done < <(_roots_listed "$folder/index.json")
        _roots_words "$cur" "${names[@]}"
        return
    done
    return 1
}

# The names that shells need not quote.
_roots_listed() {
    head -c 4194304 -- "$1" | tr -d '\n' |
        grep -o '"org\.opencontainers\.image\.ref\.name"[[:space:]]*:[[:space:]]*"[A-Za-z0-9._/@:-]*"' |
        sed 's/.*"\([^"]*\)"$/\1/'
}

# Readline knows best how to quote names of files: it does these where nothing else is offered.
_roots_operand() {
    case $1 in
        *IMAGE*)
            _roots_names && ((${#COMPREPLY[@]})) && return
            case ${cur#[\"\']} in
                [./~]* | oci:* | oci-archive:* | docker-archive:*) compopt -o default ;;
                *)
                    compopt -o nospace
                    _roots_words "$cur" @FORMS@
                    # A folder is a DEST. Of an IMAGE, what begins otherwise is a name in a registry.
                    if [[ $1 == *DEST* ]]; then
                        compopt -o plusdirs
                    else
                        _roots_words "$cur" ./ /
                    fi
                    ;;
            esac
            ;;
        DEST) compopt -o dirnames ;;
    esac
}

_roots() {
    # Readline has parted words at : and =. Here they are whole, and the last one ends at the cursor.
    local IFS=$' \t\n' rest=${COMP_LINE:0:COMP_POINT} words=() word i glued
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        glued=$i
        [[ $rest == [[:space:]]* ]] && glued=0
        rest=${rest#"${rest%%[![:space:]]*}"}
        [[ $word == "$rest"* ]] && word=$rest
        rest=${rest#"$word"}
        if ((glued)); then words[-1]+=$word; else words+=("$word"); fi
    done

    local cur=${words[-1]} options operands many entry pending= ended= seen=, place=0
    COMPREPLY=()
    if ((${#words[@]} < 3)); then
        _roots_words "$cur" @COMMANDS@
        [[ $cur == -* ]] && _roots_words "$cur" --help --version
        return
    fi
    case ${words[1]} in
@TAKES@
        version)
            ((${#words[@]} == 3)) && _roots_words "$cur" --json --help
            return
            ;;
        help)
            ((${#words[@]} == 3)) && _roots_words "$cur" @COMMANDS@
            return
            ;;
        *) return ;;
    esac

    for word in "${words[@]:2:${#words[@]}-3}"; do
        if [[ $pending ]]; then
            pending=
        elif [[ $ended || $word == - || $word != -* ]]; then
            ((place++))
        elif [[ $word == -- ]]; then
            ended=yes
        elif [[ $word == --* ]]; then
            _roots_find "${word%%=*}"
            seen+=${entry%%=*},
            [[ $entry == *=* && $word != *=* ]] && pending=${entry%%=*}
        else
            for ((i = 1; i < ${#word}; i++)); do
                _roots_find "-${word:i:1}"
                seen+=${entry%%=*},
                [[ $entry == *=* ]] || continue
                ((i + 1 == ${#word})) && pending=${entry%%=*}
                break
            done
        fi
    done

    if [[ $pending ]]; then
        _roots_value "${pending##*,}" "$cur"
        return
    fi
    if [[ ! $ended && $cur == --*=* ]]; then
        _roots_find "${cur%%=*}"
        [[ $entry == *=* ]] && _roots_value "${cur%%=*}" "${cur#*=}"
        return
    fi
    ((many && place >= ${#operands[@]})) && place=$((${#operands[@]} - 1))
    if [[ ! $ended && $cur == -* ]] || [[ ! $ended && ! $cur && ! ${operands[place]-} ]]; then
        for entry in $options; do
            [[ $entry != *+ && $seen == *,"${entry%%=*}",* ]] && continue
            entry=${entry%%=*}
            # shellcheck disable=SC2086 # a short and a long one
            _roots_words "$cur" ${entry//,/ }
        done
    elif [[ ${operands[place]-} ]]; then
        _roots_operand "${operands[place]}"
    fi
}

complete -F _roots roots
