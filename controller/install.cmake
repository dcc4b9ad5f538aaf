# What is installed beside etwas-controller itself, and its package.
set(ETWAS_POLICY ${CMAKE_INSTALL_FULL_SYSCONFDIR}/etwas/policy)
configure_file(${CMAKE_CURRENT_LIST_DIR}/etwas-controller.service.in
  ${PROJECT_BINARY_DIR}/etwas-controller.service @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/etwas-controller.service
              ${CMAKE_CURRENT_LIST_DIR}/etwas-controller.socket
  DESTINATION lib/systemd/system COMPONENT controller)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/etwas.sysusers
  DESTINATION lib/sysusers.d RENAME etwas.conf COMPONENT controller)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/policy.default
  DESTINATION ${CMAKE_INSTALL_DATADIR}/etwas COMPONENT controller)
install(PROGRAMS ${CMAKE_CURRENT_LIST_DIR}/ping-rule.sh
  DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/etwas RENAME ping-rule COMPONENT controller)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/etwas-controller RENAME copyright COMPONENT controller)
install(FILES ${PROJECT_SOURCE_DIR}/docs/man/etwas-controller.8
  DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT controller)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/man/
  DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT controller FILES_MATCHING PATTERN "*.5")

# The administrator's policy is never overwritten. Packages make it themselves, from
# policy.default, so that it is no file of theirs.
install(CODE "
  if(NOT DEFINED ENV{ETWAS_PACKAGING})
    set(policy \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_SYSCONFDIR}/etwas/policy\")
    if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
      set(policy \"\$ENV{DESTDIR}/etc/etwas/policy\")
    endif()
    if(EXISTS \"\${policy}\")
      message(STATUS \"Kept: \${policy}\")
    else()
      message(STATUS \"Installing: \${policy}\")
      cmake_path(GET policy PARENT_PATH folder)
      file(MAKE_DIRECTORY \"\${folder}\")
      configure_file(\"${CMAKE_CURRENT_LIST_DIR}/policy.default\" \"\${policy}\" COPYONLY
        FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
    endif()
  endif()" COMPONENT controller)

set(CPACK_DEBIAN_CONTROLLER_PACKAGE_NAME etwas-controller)
set(CPACK_DEBIAN_CONTROLLER_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_CONTROLLER_PACKAGE_DEPENDS "passwd, init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_CONTROLLER_PACKAGE_CONTROL_EXTRA
  ${CMAKE_CURRENT_LIST_DIR}/debian/postinst ${CMAKE_CURRENT_LIST_DIR}/debian/prerm
  ${CMAKE_CURRENT_LIST_DIR}/debian/postrm ${CMAKE_CURRENT_LIST_DIR}/debian/triggers)
set(CPACK_COMPONENT_CONTROLLER_DESCRIPTION
"The elevated part: makes, drains and stops trace sessions of the kernel for the users
that the policy /etc/etwas/policy allows, and hands the raw records to them. It is the
only part of Etwas that runs as root.")
